"""Cache of kernel timings, which speeds up later builds."""

import os
import re
from pathlib import Path
from typing import Any

from ltx_triton.engines.tensorrt.cuda import Gpu
from ltx_triton.engines.tensorrt.errors import TensorRtError
from ltx_triton.engines.tensorrt.library import TensorRt


def cache_file(folder: Path, library: TensorRt, gpu: Gpu) -> Path:
    """Return the path of the cache for this TensorRT and GPU."""
    gpu_name = re.sub(r"\W+", "-", gpu.name).strip("-").lower()
    return folder / f"tensorrt-{library.trt.__version__}-{gpu_name}.timing_cache"


def attach(config: Any, file: Path) -> Any:
    """Give the builder the timings in `file`, or none where it has none that fit.

    Returns:
        The `ITimingCache` that the build will add to; it must live as long.
    """
    known = file.read_bytes() if file.exists() else b""
    for content in (known, b""):
        cache = config.create_timing_cache(content)
        if cache is not None and config.set_timing_cache(cache, ignore_mismatch=False):
            return cache
    raise TensorRtError("the builder takes no timing cache")


def save(cache: Any, file: Path) -> None:
    """Write the cache to `file`."""
    # Replace atomically: another build may be reading it.
    new = file.with_name(f"{file.name}.{os.getpid()}")
    new.write_bytes(cache.serialize())
    new.replace(file)
