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
    require_room([Disk("engines", 7e6, missing), Memory("writing", 1.5 * GB)], ["3 minutes"])
    assert capsys.readouterr().out == (
        "This takes about\n"
        f"  7 MB of disk: engines in {missing}\n"
        "  1.5 GB of memory: writing\n"
        "  3 minutes\n"
    )


def test_all_that_is_missing_is_named_with_what_helps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gpu = Gpu("Stand-in", "9.0", 24 * GB)
    needs: list[Need] = [
        Disk("engines", 1, tmp_path),
        Disk("plans", 3 * GB, NO_DISK),
        Memory("writing", 1 * GB),
        Memory("building", 3 * GB, "take a smaller one"),
        Memory("weights", 30 * GB, gpu=gpu),
    ]
    with pytest.raises(ExportError) as stopped:
        require_room(needs)
    assert str(stopped.value) == (
        "too little room: /proc/none takes 3.0 GB of disk and 0 MB are free; "
        "building takes 3.0 GB of memory and 2.0 GB are free (take a smaller one); "
        "weights takes 30.0 GB of the memory of Stand-in and 24.0 GB are free"
    )
    assert capsys.readouterr().out.count("\n") == 6


def test_files_on_one_disk_add_up_and_steps_in_memory_do_not(tmp_path: Path) -> None:
    both = [Memory("first", 1.5 * GB), Memory("second", 1.5 * GB)]
    require_room(both)
    free = shutil.disk_usage(tmp_path).free
    one, other = (Disk("files", 0.6 * free, tmp_path / name) for name in ("one", "other"))
    require_room([one])
    with pytest.raises(ExportError, match=f"{one.folder} and {other.folder} takes "):
        require_room([one, other])


def test_nothing_to_do_takes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    require_room([])
    assert capsys.readouterr().out == ""
