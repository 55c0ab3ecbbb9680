"""The folder of videos: names, sizes, and removal of what has expired."""

import re
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from frontend.jobs.model import Job
from frontend.jobs.store import JobStore
from frontend.media.derived import Derived
from frontend.media.writer import Mp4Writer
from ltx_triton.settings import Mp4Preset
from ltx_triton.video_spec import VideoSpec

# Free on the disk before a job begins: the largest videos and the job store.
RESERVE_BYTES = 100e6

_PARTIAL = re.compile(r"\.video_.*_(?P<job_id>[0-9a-f]+)\.mp4\.(?P<attempt>\d+)\.partial")
_DERIVED = rf"\.video_.*({'|'.join(re.escape(kind.suffix) for kind in Derived)})"
_KEPT = re.compile(rf"video_.*\.mp4|{_DERIVED}")
_CONVERSION = re.compile(rf"{_DERIVED}\.[0-9a-f]+\.partial")
_LONGEST_CONVERSION = 3600.0  # seconds that one cannot take
_BYTES_PER_GB = 1e9
_SECONDS_PER_DAY = 86_400
# Of an MP4, as the quota promises them to a job. The demo checkpoint's videos take a third of it.
_BYTES_PER_PIXEL = 0.1


@dataclass(frozen=True)
class Strays:
    """Where the folder and the job store do not agree."""

    without_job: list[str]  # names of videos
    missing: list[str]  # names of videos of completed jobs


@dataclass(frozen=True)
class VideoFolder:
    """OUTPUT_DIR. Methods block: call them in a thread."""

    path: Path
    max_gb: float
    keep_days: float
    mp4_preset: Mp4Preset
    private_metadata: bool = False

    def writer(self, job: Job) -> Mp4Writer:
        """Return what writes the job's video."""
        return Mp4Writer(
            self.video(job),
            self.partial(job),
            job.spec,
            self.mp4_preset,
            private=self.private_metadata,
        )

    def video(self, job: Job) -> Path:
        """Path of the job's finished video."""
        return self.path / job.filename

    def remove(self, job: Job) -> None:
        """Remove the job's video, then what was made from it: see `Converter`."""
        video = self.video(job)
        for path in (video, *Derived.paths(video)):
            path.unlink(missing_ok=True)

    def expires_at(self, job: Job) -> float | None:
        """Return when a finished job is removed, in seconds since the epoch."""
        return job.completed_at and job.completed_at + self._keep_seconds

    @property
    def _keep_seconds(self) -> float:
        return self.keep_days * _SECONDS_PER_DAY

    def partial(self, job: Job) -> Path:
        """Path that this attempt writes to until the video is complete."""
        return self.path / f".{job.filename}.{job.attempts}.partial"

    @property
    def max_bytes(self) -> float:
        """MAX_STORAGE_GB in bytes."""
        return self.max_gb * _BYTES_PER_GB

    def used_bytes(self) -> int:
        """Return the size of all videos and of what was made from them."""
        return sum(_size(path) for path in self.path.iterdir() if _KEPT.fullmatch(path.name))

    def exceeds_quota(self, promised: Iterable[VideoSpec]) -> bool:
        """Return whether the videos, with those that are promised, exceed MAX_STORAGE_GB."""
        return self.used_bytes() + sum(map(_expected_bytes, promised)) > self.max_bytes

    def has_room(self) -> bool:
        """Return whether the disk has room for the videos of running jobs."""
        return shutil.disk_usage(self.path).free >= RESERVE_BYTES

    def clean(self, store: JobStore) -> int:
        """Remove jobs that finished CLEANUP_AFTER_DAYS ago; return their number.

        Also removes partial files of dead attempts. Safe in several workers at once.
        """
        old = store.finished_before(time.time() - self._keep_seconds)
        for job in old:
            self.remove(job)
            store.delete(job.id)
        self.clean_partials(store)
        return len(old)

    def strays(self, store: JobStore) -> Strays:
        # List the files first: a video that is made after that has its job by now.
        videos = {path.name for path in self.path.glob("video_*.mp4")}
        known = store.video_names()
        return Strays(
            without_job=sorted(videos - known.keys()),
            missing=sorted(name for name, made in known.items() if made and name not in videos),
        )

    def clean_partials(self, store: JobStore) -> None:
        """Remove the partial files of attempts and conversions that no longer run."""
        # List the files first: an attempt that starts after that has none among them.
        partials = list(self.path.glob(".video_*.partial"))
        alive = store.running_attempts()
        for partial in partials:
            match = _PARTIAL.fullmatch(partial.name)
            if match:
                dead = (match["job_id"], int(match["attempt"])) not in alive
            else:
                dead = bool(_CONVERSION.fullmatch(partial.name)) and _is_old(partial)
            if dead:
                partial.unlink(missing_ok=True)


def _expected_bytes(spec: VideoSpec) -> float:
    return spec.width * spec.height * spec.num_frames * _BYTES_PER_PIXEL


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > _LONGEST_CONVERSION
    except FileNotFoundError:
        return False
