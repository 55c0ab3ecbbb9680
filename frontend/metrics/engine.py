"""What Triton's Prometheus page says about the machine and the loaded checkpoint."""

import logging
import math
from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families

_log = logging.getLogger(__name__)

_TIMEOUT = 3.0  # seconds


@dataclass(frozen=True)
class EngineMetrics:
    """What is loaded, on what, and how much memory it takes. None: Triton does not say."""

    model_name: str | None = None
    device: str | None = None
    device_name: str | None = None
    engine_bytes: float | None = None
    gpu_total_bytes: float | None = None
    gpu_used_bytes: float | None = None

    @property
    def gpu_available(self) -> bool:
        """Whether Triton sees a GPU."""
        return self.device == "cuda" or self.gpu_total_bytes is not None


async def read_metrics(url: str) -> EngineMetrics:
    """Read Triton's metrics; all figures are None when they cannot be had."""
    try:
        # No proxy: Triton is on this machine or network. Certificates take long to load.
        verify = url.startswith("https:")
        async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False, verify=verify) as client:
            response = await client.get(url)
            response.raise_for_status()
        return engine_metrics(response.text)
    except Exception as error:  # whatever it is, no video and no page is to fail for it
        _log.warning("Triton's metrics cannot be read: %s", error)
        return EngineMetrics()


def engine_metrics(page: str) -> EngineMetrics:
    """Pick our figures out of everything that Triton reports, in the Prometheus text format.

    Raises:
        ValueError: the page is not in that format.
    """
    samples = [
        sample for family in text_string_to_metric_families(page) for sample in family.samples
    ]
    infos = [sample.labels for sample in samples if sample.name == "ltx_model_info"]
    info = next((labels for labels in infos if labels.get("device") == "cuda"), None) or next(
        iter(infos), {}
    )

    def total(name: str) -> float | None:
        values = [sample.value for sample in samples if sample.name == name]
        return sum(values) if values and all(map(math.isfinite, values)) else None

    return EngineMetrics(
        model_name=info.get("model_name"),
        device=info.get("device"),
        device_name=info.get("device_name"),
        engine_bytes=total("ltx_engine_memory_bytes"),
        gpu_total_bytes=total("nv_gpu_memory_total_bytes"),
        gpu_used_bytes=total("nv_gpu_memory_used_bytes"),
    )


def gib(size: float | None) -> float | None:
    """Bytes in GiB, to two decimals."""
    return None if size is None else round(size / 2**30, 2)
