"""What every test may use: a tiny checkpoint, exported once for all workers of a run.

torch and diffusers take seconds to import and are imported by the fixtures that need them, so that
tests of the frontend start at once.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from frontend.local.service import local_frontend
from ltx_triton.contract import LTX_VIDEO
from ltx_triton.launcher.local_triton import LocalTriton
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.assemble import assemble
from ltx_triton.repository.layout import version_folder

if TYPE_CHECKING:
    import torch

    from export.checkpoint.folder import FolderCheckpoint

if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
    # torch's threads wait for each other, for long where other workers have their cores.
    os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // int(workers)))

hypothesis_settings.register_profile(
    "repeatable",
    max_examples=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # one application for all examples
)
hypothesis_settings.load_profile("repeatable")

DEMO = Path(__file__).parents[1] / "demo"
DEMO_ENGINES = DEMO / "engines"

# Fixtures that cost a minute in each worker that sets them up: their tests share a worker.
SHARED_SERVERS = ("triton", "demo")
# Fixtures that export a checkpoint or start a real Triton.
SLOW_FIXTURES = {
    *SHARED_SERVERS,
    "demo_repository",
    "repository",
    "bf16_repository",
    "fp8_repository",
    "int8_repository",
    "narrow_repository",
}

MakeOnce = Callable[[str, Callable[[Path], object]], Path]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what is slow, and group tests for `--dist loadgroup`: by shared server or by file."""
    fixtures = getattr(item, "fixturenames", ())
    if SLOW_FIXTURES & set(fixtures):
        item.add_marker(pytest.mark.slow)
    file = item.nodeid.partition("::")[0]
    group = next((name for name in SHARED_SERVERS if name in fixtures), file)
    item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fail where pytest-xdist has written no group into the IDs: it would split all groups."""
    is_worker = hasattr(session.config, "workerinput")
    if is_worker and session.config.getoption("loadgroup", False):
        assert all("@" in item.nodeid for item in session.items)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what tests have measured: their property `measured`."""
    lines = [
        str(value)
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "measured" and report.when == "call"
    ]
    if lines:
        terminalreporter.section("measured")
        terminalreporter.write_line("\n".join(lines))


@pytest.fixture(scope="session")
def make_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> MakeOnce:
    """Makes a folder in the first worker that asks for it; the others wait."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def make_once(name: str, make: Callable[[Path], object]) -> Path:
        folder, unfinished = shared / name, shared / f"{name}.unfinished"
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                shutil.rmtree(unfinished, ignore_errors=True)
                make(unfinished)
                unfinished.rename(folder)
        return folder

    return make_once


@pytest.fixture(scope="session")
def bf16_checkpoint_folder(make_once: MakeOnce) -> Path:
    """BF16 weights in several files of about 1 MB."""

    def make(folder: Path) -> None:
        import torch

        from export.random.checkpoint import write_random_checkpoint

        layers = {"num_layers": 2}
        write_random_checkpoint(
            folder, seed=1, transformer=layers, dtype=torch.bfloat16, shard_bytes=1_000_000
        )

    return make_once("bf16_checkpoint", make)


@pytest.fixture(scope="session")
def checkpoint_folder(bf16_checkpoint_folder: Path, make_once: MakeOnce) -> Path:
    """The same values in FP32, one file for each component."""

    def make(folder: Path) -> None:
        from safetensors.torch import load_file, save_file

        from export.random.checkpoint import write_random_checkpoint

        write_random_checkpoint(folder, seed=1, transformer={"num_layers": 2})
        for file in folder.glob("*/*.safetensors"):
            weights: dict[str, torch.Tensor] = {}
            for shard in (bf16_checkpoint_folder / file.parent.name).glob("*.safetensors"):
                weights |= {name: tensor.float() for name, tensor in load_file(shard).items()}
            save_file(weights, file, metadata={"format": "pt"})

    return make_once("fp32_checkpoint", make)


@pytest.fixture(scope="session")
def demo_repository(make_once: MakeOnce) -> Path:
    """A model repository with the engines that this repository ships."""

    def make(folder: Path) -> None:
        shutil.copytree(DEMO_ENGINES, folder)
        assemble(folder)

    return make_once("demo_repository", make)


@pytest.fixture(scope="session")
def repository(checkpoint_folder: Path, make_once: MakeOnce) -> Path:
    """A model repository with the FP32 checkpoint's export."""

    def make(folder: Path) -> None:
        from export.options import ExportOptions
        from export.run import export

        options = ExportOptions(
            model=str(checkpoint_folder), output=folder, name="hub/tiny", for_cpu=False
        )
        export(options)

    return make_once("model_repository", make)


@pytest.fixture(scope="session")
def checkpoint(checkpoint_folder: Path) -> "FolderCheckpoint":
    from export.checkpoint.folder import FolderCheckpoint
    from export.checkpoint.open import open_checkpoint

    opened = open_checkpoint(str(checkpoint_folder), None)
    assert isinstance(opened, FolderCheckpoint)
    return opened


@pytest.fixture(scope="session")
def config(repository: Path) -> PipelineConfig:
    return PipelineConfig.load(version_folder(repository, LTX_VIDEO))


@pytest.fixture(scope="session")
def triton(repository: Path) -> Iterator[LocalTriton]:
    """A real Triton with the engines of the checkpoint, which compute as diffusers does."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CPU_PRECISION", "fp32")
        with LocalTriton(repository) as server:
            yield server


@pytest.fixture(scope="session")
def frontend(triton: LocalTriton, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of a real frontend before it, with the default settings."""
    with local_frontend(triton, tmp_path_factory.mktemp("frontend")) as running:
        yield running.url
