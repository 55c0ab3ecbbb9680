from pathlib import Path

import pytest

from benchmarks.gpu.budget import Budget, Need


def test_what_is_free_is_enough_for_little(tmp_path: Path) -> None:
    budget = Budget(tmp_path)
    assert budget.lack_of_disk(1) is None
    assert budget.lack_of_memory(Need(1, 1)) is None
    assert budget.lack_of_time(1e9) is None


def test_files_in_the_folder_count(tmp_path: Path) -> None:
    budget = Budget(tmp_path, disk_gb=0.003)
    assert budget.lack_of_disk(2.5e6) is None
    (tmp_path / "weights").write_bytes(bytes(1_000_000))
    assert budget.lack_of_disk(2.5e9) == ("takes about 2.5 GB of disk and 0.0 GB are left")
    assert budget.lack_of_disk(2.5e6) is not None


def test_no_disk_has_a_billion_gigabytes(tmp_path: Path) -> None:
    assert "1000000000.0 GB of disk" in str(Budget(tmp_path).lack_of_disk(1e18))


def test_memory_of_the_device_is_the_hosts_without_a_gpu(tmp_path: Path) -> None:
    need = Need(1e9, 2e9)
    assert Budget(tmp_path, memory_gb=2).lack_of_memory(need) == (
        "takes about 3.0 GB of memory and 2.0 GB are left"
    )
    assert Budget(tmp_path, memory_gb=2, gpu_bytes=10**9).lack_of_memory(need) == (
        "takes about 2.0 GB of GPU memory and 1.0 GB are left"
    )
    assert Budget(tmp_path, memory_gb=2, gpu_bytes=3 * 10**9).lack_of_memory(need) is None


@pytest.mark.parametrize(("seconds", "fits"), [(30, True), (90, False)])
def test_minutes_count_from_the_beginning(tmp_path: Path, seconds: float, fits: bool) -> None:
    lack = Budget(tmp_path, minutes=1).lack_of_time(seconds)
    assert lack == (None if fits else "takes about 1.5 minutes and 1.0 are left")
