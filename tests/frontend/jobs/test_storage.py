import os
import shutil
import time
from pathlib import Path

import pytest

from frontend.database.database import Database
from frontend.jobs.queue import JobQueue
from frontend.jobs.storage import VideoFolder
from frontend.jobs.store import JobFilter, JobStore
from frontend.media.derived import Derived
from tests.frontend.conftest import finished_job, new_job


@pytest.fixture
def folder(output_dir: Path) -> VideoFolder:
    output_dir.mkdir(exist_ok=True)
    return VideoFolder(output_dir, max_gb=1e-6, keep_days=7, mp4_preset="ultrafast")


def test_expired_jobs_go_with_their_videos_and_others_stay(
    database: Database, folder: VideoFolder
) -> None:
    store = JobStore(database)
    old, gone, new = (finished_job(database, days) for days in (7.1, 8, 6.9))
    for job in (old, new):
        for path in (folder.video(job), *Derived.paths(folder.video(job))):
            path.write_bytes(b"video")
    store.add(new_job(created_at=1.0), 100)
    assert folder.clean(store) == 2
    assert store.get(old.id) is None
    assert store.get(gone.id) is None
    assert store.get(new.id)
    kept = folder.video(new)
    assert set(folder.path.glob("*video_*")) == {kept, *Derived.paths(kept)}
    assert len(store.find(JobFilter(), 10).jobs) == 2
    assert folder.clean(store) == 0


def test_partial_files_go_unless_their_attempt_is_running(
    database: Database, folder: VideoFolder
) -> None:
    store, queue = JobStore(database), JobQueue(database, "worker", 100)
    store.add(new_job(), 100)
    job = queue.claim()
    assert job
    alive = folder.partial(job)
    job.attempts = 0
    stale = [
        folder.partial(job),
        folder.partial(new_job(id="0badcafe", created_at=1.0, attempts=1)),
    ]
    foreign = folder.path / ".video_of_somebody.partial"
    for path in (alive, foreign, *stale):
        path.write_bytes(b"part")
    folder.clean(store)
    assert sorted(folder.path.glob(".*")) == sorted([alive, foreign])


def test_partial_files_of_conversions_go_when_none_can_run_that_long(
    database: Database, folder: VideoFolder
) -> None:
    gif = Derived.GIF.path(folder.path / "video_a.mp4")
    old, new = (gif.with_name(f"{gif.name}.{number}.partial") for number in ("0bad", "cafe"))
    for path in (old, new):
        path.write_bytes(b"part")
    os.utime(old, (0, time.time() - 3601))
    folder.clean(JobStore(database))
    assert list(folder.path.glob(".*")) == [new]


def test_only_finished_videos_count_against_the_limit(folder: VideoFolder) -> None:
    (folder.path / "jobs.db").write_bytes(bytes(5000))
    (folder.path / "video_a.mp4").write_bytes(bytes(999))
    assert not folder.exceeds_quota([])
    (folder.path / "video_b.mp4").write_bytes(bytes(2))
    assert folder.exceeds_quota([])


@pytest.mark.parametrize("kind", Derived)
def test_what_is_made_from_a_video_counts_against_the_limit(
    kind: Derived, folder: VideoFolder
) -> None:
    kind.path(folder.path / "video_a.mp4").write_bytes(bytes(1001))
    assert folder.used_bytes() == 1001
    assert folder.exceeds_quota([])


def test_videos_that_are_promised_count_against_the_limit(folder: VideoFolder) -> None:
    spec = new_job(width=32, height=32, num_frames=8).spec  # 819 bytes are promised to it
    assert not folder.exceeds_quota([spec])
    assert folder.exceeds_quota([spec, spec])


def test_a_disk_with_little_room_has_none(
    folder: VideoFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folder.has_room()
    usage = shutil.disk_usage(folder.path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=99_999_999))
    assert not folder.has_room()


def test_videos_without_jobs_and_jobs_without_videos_are_named(
    database: Database, folder: VideoFolder
) -> None:
    store = JobStore(database)
    whole, robbed = (finished_job(database, days_ago=1) for _ in range(2))
    store.add(new_job(), 100)
    folder.video(whole).write_bytes(b"video")
    (folder.path / "video_of_nobody.mp4").write_bytes(b"video")

    strays = folder.strays(store)

    assert strays.without_job == ["video_of_nobody.mp4"]
    assert strays.missing == [robbed.filename]
