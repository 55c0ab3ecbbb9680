"""What the wheel has in it: all that can be served and exported, and nothing else."""

import subprocess
import tarfile
from importlib.metadata import PathDistribution
from pathlib import Path
from zipfile import Path as ZipPath
from zipfile import ZipFile

import pytest

from benchmarks.fresh_environment import FreshEnvironment, build_wheel, run_pip
from ltx_triton import __version__

FOLDERS = (
    "demo/engines",
    "demo/shapes",
    "export",
    "frontend",
    "ltx_command",
    "ltx_triton",
    "model_repository",
)

pytestmark = pytest.mark.slow


def contents(wheel: Path) -> dict[str, bytes]:
    """Files of the packages, without those that describe the wheel."""
    with ZipFile(wheel) as archive:
        return {
            name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name
        }


def test_it_has_all_files_of_what_is_served_and_exported_and_no_others(
    source: Path, wheel: Path
) -> None:
    files = [file for folder in FOLDERS for file in (source / folder).rglob("*") if file.is_file()]
    shipped = {
        str(file.relative_to(source)): file.read_bytes()
        for file in (source / "demo" / "__init__.py", *files)
    }

    assert {"demo/engines/transformer/1/model.onnx.data", "export/fp8/prompts.txt"} <= set(shipped)
    assert contents(wheel) == shipped


def test_it_brings_the_command(wheel: Path) -> None:
    about = ZipPath(wheel) / f"ltx_triton-{__version__}.dist-info/"
    [command] = PathDistribution(about).entry_points

    assert (command.group, command.name) == ("console_scripts", "ltx-video")


def test_a_source_archive_builds_the_same_wheel(source: Path, wheel: Path, tmp_path: Path) -> None:
    environment = FreshEnvironment.create(tmp_path)
    run_pip(environment.program("python"), "install", "--upgrade", "setuptools")
    build = "from setuptools.build_meta import build_sdist; import sys; build_sdist(sys.argv[1])"

    subprocess.run(
        [environment.program("python"), "-c", build, tmp_path],
        cwd=source,
        stdout=subprocess.DEVNULL,
        check=True,
    )

    [archive] = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        assert not [name for name in opened.getnames() if "/tests/" in name]
    assert contents(build_wheel(archive, tmp_path / "again")) == contents(wheel)
