"""The images: linted, and compared with the code that is to run in them."""

import ast
import fnmatch
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.deploy.stack import DEPLOY, ROOT, ancestry

DOCKERFILES = sorted(DEPLOY.glob("*.Dockerfile"))
OURS = ("demo", "export", "frontend", "ltx_command", "ltx_triton")
# Given by Triton, or by the image whose TensorRT the exporter is to use.
OF_THE_IMAGE = {"triton_python_backend_utils", "tensorrt"}
FOR_GPUS = {"cuda"}
# Its licence keeps it out of images that are given away: docs/gpu.md.
WITHOUT_CONTAINERS = {"tensorrt_rtx_bindings"}


def name_of(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=name_of)
def test_hadolint_finds_nothing(dockerfile: Path) -> None:
    linter = Path(sys.executable).with_name("hadolint")

    linted = subprocess.run([linter, dockerfile], capture_output=True, text=True, check=False)

    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=name_of)
def test_what_is_copied_exists_and_reaches_the_build(dockerfile: Path) -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = [line.removeprefix("!") for line in ignored if line.startswith("!")]
    sources = re.findall(r"^COPY ([^\s-]\S*) ", dockerfile.read_text(), re.MULTILINE)
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert any(fnmatch.fnmatch(source, pattern) for pattern in allowed), source


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=name_of)
def test_what_is_installed_is_what_is_tested(dockerfile: Path) -> None:
    text = dockerfile.read_text()
    tested = (ROOT / "constraints.txt").read_text().lower().splitlines()
    pins = set(re.findall(r"[a-z-]+==\d[\d.]*", text))
    assert pins <= set(tested)
    # What is not pinned in place is pinned by constraints.txt.
    assert pins or "--constraint constraints.txt" in text


def test_engines_are_built_with_the_library_that_runs_them() -> None:
    triton, exporter = (
        re.findall(r"^ARG TRITON_IMAGE=(\S+)$", (DEPLOY / f"{name}.Dockerfile").read_text(), re.M)
        for name in ("triton", "export")
    )
    assert triton == exporter != []


def test_the_release_of_triton_has_no_known_faults_and_is_no_older_than_the_client() -> None:
    """26.06 is Triton 2.70, 26.09 is 2.73: one release a month."""
    release = re.search(r"tritonserver:26\.(\d+)-py3", (DEPLOY / "triton.Dockerfile").read_text())
    client = re.search(r"^tritonclient==2\.(\d+)", (ROOT / "constraints.txt").read_text(), re.M)
    assert release
    assert client
    assert int(release[1]) + 64 >= int(client[1])
    assert int(release[1]) >= 11


CODE = pytest.mark.parametrize(
    ("image", "stage", "code"),
    [
        ("service", "api", "frontend/__main__.py"),
        ("service", "api", "frontend/app.py"),
        ("service", "cpu", "ltx_command/[!ef]*.py"),
        ("service", "cpu", "frontend/app.py"),
        ("service", "cpu", "model_repository/*/1/model.py"),
        ("export", "final", "export/__main__.py"),
        ("triton", "final", "model_repository/*/1/model.py"),
    ],
)


@CODE
def test_an_image_holds_the_code_that_it_imports(image: str, stage: str, code: str) -> None:
    text = ancestry(DEPLOY / f"{image}.Dockerfile", stage)
    copied = re.findall(r"^COPY ([^\s-]\S*) ", text, re.MULTILINE)
    files, _ = reached(sorted(ROOT.glob(code)))
    missing = {
        str(path)
        for path in (file.relative_to(ROOT) for file in files)
        if not any(path.is_relative_to(source) for source in copied)
        and path.parts[0] != "model_repository"  # what is served is made of it
    }
    assert missing == set()


@CODE
def test_an_image_installs_what_its_code_imports(image: str, stage: str, code: str) -> None:
    distributions = packages_distributions()
    brought_along = {
        "starlette": {"fastapi"},
        "pydantic": {"pydantic-settings"},
        "pydantic-core": {"pydantic", "pydantic-settings"},
        "grpcio": {"tritonclient"},
        "protobuf": {"tritonclient"},
        "cuda-bindings": {"cuda-python"},
        "cuda-pathfinder": {"cuda-python"},
    }
    entries = sorted(ROOT.glob(code))
    assert entries
    not_from_pip = OF_THE_IMAGE | WITHOUT_CONTAINERS | (FOR_GPUS if image == "service" else set())

    imported = {
        distributions[module][0].lower().replace("_", "-")
        for module in reached(entries)[1]
        if module not in not_from_pip
    }

    given = installed(image, stage)
    missing = {name for name in imported - given if not brought_along.get(name, set()) & given}
    assert missing == set()


def test_the_exporter_has_what_pip_would_install_for_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(project["optional-dependencies"]["export"]) <= installed("export")


def installed(image: str, stage: str = "final") -> set[str]:
    """Names of the packages that an image gets from pip."""
    text = ancestry(DEPLOY / f"{image}.Dockerfile", stage).replace("\\\n", " ")
    listed = " ".join(re.findall(r"\bpip\b[^&\n]* install ([^&\n]*)", text))
    words = (re.split(r"==|\[", word)[0] for word in listed.split())
    return {word for word in words if re.fullmatch(r"[a-z][a-z0-9-]+", word)}


# A container of the service has no exporter; these say that it is missing.
WITH_THE_EXPORTER = {"ltx_command.export", "ltx_command.first_run"}


def reached(entries: list[Path]) -> tuple[set[Path], set[str]]:
    """Files of ours that files import, and all top-level modules of others."""
    seen: set[Path] = set()
    found: set[str] = set()
    waiting = list(entries)
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        for module in imports(file) - WITH_THE_EXPORTER:
            top = module.partition(".")[0]
            if top in OURS:
                waiting += of_ours(module)
            elif top not in sys.stdlib_module_names:
                found.add(top)
    return seen, found


def imports(file: Path) -> set[str]:
    modules = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.add(node.module)
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
    return modules


def of_ours(module: str) -> list[Path]:
    path = ROOT.joinpath(*module.split("."))
    return [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]
