"""Memory of the engines and GPUs, measured by Triton and read from its Prometheus page."""

import logging
import math
from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families

from ltx_triton.contract import ENGINES

_log = logging.getLogger(__name__)

_ENGINE_BYTES = "ltx_engine_memory_bytes"
_TIMEOUT = 3.0  # seconds


@dataclass(frozen=True)
class EngineMemory:
    """Bytes; None: Triton does not say."""

    engine_bytes: float | None = None  # all engines, each on its device; None: not of all
    gpu_engine_bytes: float | None = None  # those on a GPU
    gpu_total_bytes: float | None = None
    gpu_used_bytes: float | None = None


async def read_memory(url: str) -> EngineMemory:
    """Read Triton's metrics; every figure is None when they cannot be read."""
    try:
        # No proxy: Triton is on this machine or network. Certificates take long to load.
        verify = url.startswith("https:")
        async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False, verify=verify) as client:
            response = await client.get(url)
            response.raise_for_status()
        return parse_memory(response.text)
    except Exception as error:  # an answer about the service must not fail for it
        _log.warning("Triton's metrics cannot be read: %s", error)
        return EngineMemory()


def parse_memory(page: str) -> EngineMemory:
    """Sum up the figures of a page in the Prometheus text format.

    Raises:
        ValueError: the page is not in that format.
    """
    samples = [
        sample for family in text_string_to_metric_families(page) for sample in family.samples
    ]

    def total(name: str, **labels: str) -> float | None:
        values = [
            sample.value
            for sample in samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        return sum(values) if values and all(map(math.isfinite, values)) else None

    # Triton's own backend reports no engine, and the engines beside it report theirs.
    reported = {sample.labels.get("model") for sample in samples if sample.name == _ENGINE_BYTES}
    is_complete = reported >= {model.name for model in ENGINES}
    return EngineMemory(
        engine_bytes=total(_ENGINE_BYTES) if is_complete else None,
        gpu_engine_bytes=total(_ENGINE_BYTES, device="cuda"),
        gpu_total_bytes=total("nv_gpu_memory_total_bytes"),
        gpu_used_bytes=total("nv_gpu_memory_used_bytes"),
    )


def gib(size: float | None) -> float | None:
    """Convert bytes to GiB, rounded to two decimals."""
    return None if size is None else round(size / 2**30, 2)
