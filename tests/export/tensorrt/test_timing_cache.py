from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from export.tensorrt.timing_cache import attach, cache_file, keep
from ltx_triton.cuda import Gpu


class Config:
    """A builder's configuration, as far as the cache goes; takes only caches of this machine."""

    content: bytes | None = None

    def create_timing_cache(self, content: bytes) -> bytes:
        return content

    def set_timing_cache(self, cache: bytes, ignore_mismatch: bool) -> bool:
        if cache == b"of another machine" and not ignore_mismatch:
            return False
        self.content = cache
        return True

    def get_timing_cache(self) -> Any:
        if self.content is None:
            return None
        return SimpleNamespace(serialize=lambda: b"more")


def test_the_file_is_named_after_tensorrt_and_the_gpu(tmp_path: Path) -> None:
    library: Any = SimpleNamespace(trt=SimpleNamespace(__version__="11.4.0"))

    file = cache_file(tmp_path, library, Gpu("NVIDIA GeForce RTX 4090 (Laptop)", "8.9"))

    assert file.name == "tensorrt-11.4.0-nvidia-geforce-rtx-4090-laptop.timing_cache"


def test_what_one_build_keeps_the_next_one_gets(tmp_path: Path) -> None:
    file = tmp_path / "cache"
    first = Config()
    attach(first, file)
    assert first.content == b""
    keep(first, file)

    second = Config()
    attach(second, file)

    assert second.content == b"more"
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]


def test_timings_of_another_machine_are_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "cache"
    file.write_bytes(b"of another machine")
    config = Config()

    attach(config, file)

    assert config.content == b""


def test_without_a_cache_nothing_is_kept(tmp_path: Path) -> None:
    keep(Config(), tmp_path / "cache")

    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cache"
    file.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_bytes", full)
    config = Config()
    config.content = b""
    with pytest.raises(OSError, match="no space"):
        keep(config, file)

    assert file.read_bytes() == b"old"
