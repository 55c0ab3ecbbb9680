from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from export.tensorrt.timing_cache import attach, cache_file, save
from ltx_triton.engines.tensorrt.cuda import Gpu
from ltx_triton.engines.tensorrt.errors import TensorRtError


class Config:
    """A builder's configuration, as far as the cache goes; takes only caches of this machine."""

    content: bytes | None = None
    takes_any = True

    def create_timing_cache(self, content: bytes) -> Any:
        return SimpleNamespace(content=content, serialize=lambda: content + b"more")

    def set_timing_cache(self, cache: Any, ignore_mismatch: bool) -> bool:
        if not self.takes_any or (cache.content == b"of another machine" and not ignore_mismatch):
            return False
        self.content = cache.content
        return True


def test_the_file_is_named_after_tensorrt_and_the_gpu(tmp_path: Path) -> None:
    library: Any = SimpleNamespace(trt=SimpleNamespace(__version__="11.4.0"))

    file = cache_file(tmp_path, library, Gpu("NVIDIA GeForce RTX 4090 (Laptop)", "8.9", 24 * 2**30))

    assert file.name == "tensorrt-11.4.0-nvidia-geforce-rtx-4090-laptop.timing_cache"


def test_what_one_build_keeps_the_next_one_gets(tmp_path: Path) -> None:
    file = tmp_path / "cache"
    first = Config()
    cache = attach(first, file)
    assert first.content == b""
    save(cache, file)

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


def test_a_builder_that_takes_none_is_an_error(tmp_path: Path) -> None:
    config = Config()
    config.takes_any = False

    with pytest.raises(TensorRtError, match="no timing cache"):
        attach(config, tmp_path / "cache")


def test_a_cache_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cache"
    file.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        save(Config().create_timing_cache(b""), file)

    assert file.read_bytes() == b"old"
