from pathlib import Path

from export.room import Disk, Memory
from export.tensorrt.room import plan_needs, weight_bytes

MB = 10**6


def test_the_largest_engine_decides_the_memory_and_all_the_disk(tmp_path: Path) -> None:
    disk, memory = plan_needs([1000 * MB, 200 * MB], tmp_path)

    assert isinstance(disk, Disk)
    assert (disk.bytes, disk.folder) == (1200 * MB, tmp_path)
    assert isinstance(memory, Memory)
    assert memory.bytes == 1500 * MB


def test_nothing_to_build_takes_nothing(tmp_path: Path) -> None:
    assert plan_needs([], tmp_path) == []


def test_the_weights_of_a_graph_lie_beside_it(tmp_path: Path) -> None:
    graph = tmp_path / "model.onnx"
    graph.write_bytes(b"graph")
    (tmp_path / "model.onnx.data").write_bytes(bytes(1000))
    (tmp_path / "other.onnx.data").write_bytes(bytes(1000))

    assert weight_bytes(graph) == 1005
