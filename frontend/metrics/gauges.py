"""Gauges for Prometheus of the present: jobs, storage, engine. Every worker reports the same."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


@dataclass(frozen=True, eq=False)  # a registry requires hashable collectors
class Gauges(Collector):
    jobs: Mapping[str, int] | None  # by state; None: the job store does not answer
    job_limits: Mapping[str, int]  # by state
    used_bytes: int
    limit_bytes: float
    free_bytes: int
    engine_ready: bool

    def render(self) -> bytes:
        """Render all gauges in the Prometheus text format."""
        # prometheus_client's own gauges would keep a value for each worker.
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily("ltx_jobs", "Jobs that are not over", labels=["state"])
        limits = GaugeMetricFamily(
            "ltx_jobs_limit", "MAX_QUEUED_JOBS and MAX_CONCURRENT_JOBS", labels=["state"]
        )
        for state, limit in self.job_limits.items():
            if self.jobs is not None:
                jobs.add_metric([state], self.jobs.get(state, 0))
            limits.add_metric([state], limit)
        yield jobs
        yield limits
        for name, help_text, value in (
            ("ltx_storage_used_bytes", "Size of all videos and images of them", self.used_bytes),
            ("ltx_storage_limit_bytes", "MAX_STORAGE_GB", self.limit_bytes),
            ("ltx_disk_free_bytes", "Room on the disk of OUTPUT_DIR", self.free_bytes),
            ("ltx_engine_ready", "1 when Triton and all models are ready", self.engine_ready),
        ):
            yield GaugeMetricFamily(name, help_text, value=float(value))
