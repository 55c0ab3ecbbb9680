import shutil
from pathlib import Path

import pytest

from export import room
from export.errors import ExportError
from export.room import Disk, Memory, Need, require_room
from ltx_triton.engines.tensorrt.cuda import Gpu

GB = 10**9
NO_DISK = Path("/proc/none")  # on a file system of no size


@pytest.fixture(autouse=True)
def free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "left_bytes", lambda: 2 * GB)


def test_what_is_needed_is_said_in_one_piece(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "not" / "there"
    require_room([Disk("engines", 7e6, missing), Memory("write", 1.5 * GB)], ["3 minutes"])
    assert capsys.readouterr().out == (
        "Needs about\n"
        f"  7 MB of disk for engines in {missing}\n"
        "  1.5 GB of memory to write\n"
        "  3 minutes\n"
    )


def test_all_that_is_missing_is_named_with_what_helps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gpu = Gpu("Stand-in", "9.0", 24 * GB)
    needs: list[Need] = [
        Disk("engines", 1, tmp_path),
        Disk("plans", 3 * GB, NO_DISK),
        Memory("write", 1 * GB),
        Memory("build", 3 * GB, "take a smaller one"),
        Memory("hold weights", 30 * GB, gpu=gpu),
    ]
    with pytest.raises(ExportError) as stopped:
        require_room(needs)
    assert str(stopped.value) == (
        "too little room: needs 3.0 GB of disk in /proc/none, has 0 MB free; "
        "needs 3.0 GB of memory to build, has 2.0 GB free (take a smaller one); "
        "needs 30.0 GB of memory on the Stand-in to hold weights, has 24.0 GB"
    )
    assert capsys.readouterr().out.count("\n") == 6


def test_files_on_one_disk_add_up_and_steps_in_memory_do_not(tmp_path: Path) -> None:
    both = [Memory("first", 1.5 * GB), Memory("second", 1.5 * GB)]
    require_room(both)
    free = shutil.disk_usage(tmp_path).free
    one, other = (Disk("files", 0.6 * free, tmp_path / name) for name in ("one", "other"))
    require_room([one])
    with pytest.raises(ExportError, match=f"of disk in {one.folder} and {other.folder}, has "):
        require_room([one, other])


def test_nothing_to_do_takes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    require_room([])
    assert capsys.readouterr().out == ""
