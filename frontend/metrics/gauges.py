"""What Prometheus is told of the present: jobs, storage, engine. The same from every worker."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from frontend.jobs.model import JobState
from frontend.services import Services


@dataclass(frozen=True, eq=False)  # a registry wants its collectors hashable
class _Gauges(Collector):
    jobs: dict[str, int]
    limits: dict[str, int]
    used_bytes: int
    limit_bytes: float
    free_bytes: int
    engine_ready: bool

    def collect(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily("ltx_jobs", "Jobs that are not over", labels=["state"])
        limits = GaugeMetricFamily(
            "ltx_jobs_limit", "MAX_QUEUED_JOBS and MAX_CONCURRENT_JOBS", labels=["state"]
        )
        for state in (JobState.QUEUED, JobState.RUNNING):
            jobs.add_metric([state.value], self.jobs.get(state, 0))
            limits.add_metric([state.value], self.limits[state])
        yield jobs
        yield limits
        for name, help_text, value in (
            ("ltx_storage_used_bytes", "Size of all videos", self.used_bytes),
            ("ltx_storage_limit_bytes", "MAX_STORAGE_GB", self.limit_bytes),
            ("ltx_disk_free_bytes", "Room on the disk of OUTPUT_DIR", self.free_bytes),
            ("ltx_engine_ready", "1 when Triton and all models are ready", self.engine_ready),
        ):
            yield GaugeMetricFamily(name, help_text, value=float(value))


async def gauges(services: Services) -> bytes:
    """All gauges, in the Prometheus text format."""
    settings, folder = services.settings, services.folder
    present = _Gauges(
        jobs=await asyncio.to_thread(services.store.unfinished),
        limits={
            JobState.QUEUED: settings.max_queued_jobs,
            JobState.RUNNING: settings.max_concurrent_jobs,
        },
        used_bytes=await asyncio.to_thread(folder.used_bytes),
        limit_bytes=folder.max_bytes,
        free_bytes=(await asyncio.to_thread(shutil.disk_usage, folder.path)).free,
        engine_ready=await services.triton.readiness_error() is None,
    )
    # Not prometheus_client's own gauges: with several workers those would each keep one.
    registry = CollectorRegistry()
    registry.register(present)
    return generate_latest(registry)
