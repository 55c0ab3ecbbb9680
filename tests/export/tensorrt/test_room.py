from pathlib import Path

import pytest

from export.errors import ExportError
from export.tensorrt import room
from export.tensorrt.room import require_room

MB = 10**6


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """An ONNX file whose weights, beside it, take 1 GB, if only on paper."""
    graph = tmp_path / "model.onnx"
    graph.touch()
    with (tmp_path / "model.onnx.data").open("wb") as weights:
        weights.truncate(1000 * MB)
    return graph


def test_what_building_takes_is_said_before(
    graph: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(room, "left_bytes", lambda: 1600 * MB)

    require_room([graph, graph], graph.parent)

    said = capsys.readouterr().out
    assert said.startswith("building takes about 1.5 GB of memory and 2.0 GB of disk; 1.6 GB and ")


def test_too_little_memory_ends_the_build(graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "left_bytes", lambda: 1400 * MB)

    with pytest.raises(ExportError, match=r"1\.5 GB of memory and 1\.0 GB of disk; 1\.4 GB and "):
        require_room([graph], graph.parent)


def test_too_small_a_disk_ends_the_build(graph: Path) -> None:
    disk = Path("/proc")  # of no size

    with pytest.raises(ExportError, match=r"1\.0 GB of disk; \S+ GB and 0\.0 GB are free"):
        require_room([graph], disk)


def test_nothing_to_build_takes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    require_room([], tmp_path)

    assert capsys.readouterr().out == ""
