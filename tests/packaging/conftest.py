"""The wheel, built once for all workers of a run."""

from pathlib import Path

import pytest

from benchmarks.fresh_environment import build_wheel, copy_sources
from tests.conftest import MakeOnce


@pytest.fixture(scope="session")
def source(make_once: MakeOnce) -> Path:
    """A copy of this checkout."""
    return make_once("source", copy_sources)


@pytest.fixture(scope="session")
def wheel(source: Path, make_once: MakeOnce) -> Path:
    folder = make_once("wheel", lambda folder: build_wheel(source, folder))
    [wheel] = folder.glob("*.whl")
    return wheel
