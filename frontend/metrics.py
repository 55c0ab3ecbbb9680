"""What Triton's Prometheus page says about the machine and the loaded checkpoint."""

import logging
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

_log = logging.getLogger(__name__)

_TIMEOUT = 3.0  # seconds
_SAMPLE = re.compile(r"^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})?\s+(?P<value>\S+)")
_LABEL = re.compile(r'(?P<name>\w+)="(?P<value>(?:[^"\\]|\\.)*)"')
_ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


@dataclass(frozen=True)
class Sample:
    """One line of the Prometheus text format."""

    name: str
    labels: dict[str, str]
    value: float


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
        # No proxy: Triton is on this machine or network.
        async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False) as client:
            response = await client.get(url)
            response.raise_for_status()
        return engine_metrics(list(parse_samples(response.text)))
    except Exception as error:  # whatever it is, no video and no page is to fail for it
        _log.warning("Triton's metrics cannot be read: %s", error)
        return EngineMetrics()


def engine_metrics(samples: list[Sample]) -> EngineMetrics:
    """Pick our figures out of everything that Triton reports."""
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


def parse_samples(text: str) -> Iterator[Sample]:
    """Parse the Prometheus text format; lines that are no samples are left out."""
    for line in text.splitlines():
        match = _SAMPLE.match(line)
        if not match:
            continue
        try:
            value = float(match["value"])
        except ValueError:
            continue
        labels = {label["name"]: _unescape(label["value"])
                  for label in _LABEL.finditer(match["labels"] or "")}  # fmt: skip
        yield Sample(match["name"], labels, value)


def gib(size: float | None) -> float | None:
    """Bytes in GiB, to two decimals."""
    return None if size is None else round(size / 2**30, 2)


def _unescape(value: str) -> str:
    return re.sub(r"\\.", lambda escape: _ESCAPES.get(escape[0], escape[0]), value)
