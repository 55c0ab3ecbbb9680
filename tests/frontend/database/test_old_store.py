"""A store that commit cd7af9a wrote, before there were migrations, in the service of today."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.frontend.conftest import OLD_STORES, StartApi, wait_for
from tests.frontend.fake_triton import FakeTriton


@pytest.fixture
def api(old_store: str, start_api: StartApi) -> TestClient:
    return start_api(database_url=old_store, cleanup_after_days=36_500)


def test_its_completed_job_is_answered_as_before(api: TestClient, output_dir: Path) -> None:
    filename = "video_20260101_000002_c0000001.mp4"
    (output_dir / filename).write_bytes(b"an old video")

    assert api.get("/status/c0000001").json() == {
        "job_id": "c0000001",
        "status": "completed",
        "created_at": "2026-01-01T00:00:02",
        "completed_at": "2026-01-01T00:00:03",
        "prompt": "A cat walking in a garden",
        "duration": 2,
        "fps": 8.0,
        "resolution": "128x128",
        "width": 128,
        "height": 128,
        "num_frames": 16,
        "seed": 42,
        "attempts": 1,
        "percent": 100.0,
        "stage_seconds": {
            "queue": 0.012,
            "text": 0.034,
            "denoise": 1.234,
            "decode": 0.345,
            "mp4": 0.056,
        },
        "filename": filename,
        "frames_generated": 16,
        "file_size_mb": 0.0123,
        "generation_time_seconds": 0.38,
        "model_used": "Lightricks/LTX-Video-0.9.7-distilled",
        "device_used": "cpu",
        "download_url": "/download/c0000001",
        "preview_url": "/preview/c0000001",
    }
    assert api.get("/download/c0000001").content == b"an old video"


@pytest.mark.parametrize(
    ("job_id", "status", "error", "error_type"),
    [
        ("fa000001", "failed", "GPU out of memory, try shorter duration", "out_of_memory"),
        (
            "fa000002",
            "failed",
            "The job was interrupted 3 times and has been given up: "
            "the stream ended after 0 of 24 frames",
            "generation_error",
        ),
        ("ca000001", "cancelled", None, None),
        ("e0000001", "cancelled", None, None),
    ],
)
def test_its_other_finished_jobs_say_how_they_ended(
    job_id: str, status: str, error: str | None, error_type: str | None, api: TestClient
) -> None:
    answer = api.get(f"/status/{job_id}").json()

    assert answer["status"] == status
    assert answer.get("error") == error
    assert answer.get("error_type") == error_type


def test_its_unfinished_jobs_run_to_the_end(api: TestClient, fake_triton: FakeTriton) -> None:
    attempts = {
        job_id: wait_for(api, job_id, "completed")["attempts"]
        for job_id in ("0c000001", "d0000001", "d0000002")
    }

    assert attempts == {"0c000001": 2, "d0000001": 1, "d0000002": 1}
    made = [
        (spec.prompt, spec.seed, spec.width, spec.height, spec.num_frames, spec.frame_rate)
        for spec in sorted((seen.request for seen in fake_triton.seen), key=lambda spec: spec.seed)
    ]
    assert made == [
        ("A train in the snow", 1, 96, 96, 24, 8.0),
        ("A dog on a beach", 7, 64, 64, 8, 8.0),
        ("A red balloon over a lake", 2**63 - 1, 64, 64, 8, 8.0),
    ]


@pytest.mark.parametrize("old_store", ["sqlite"], indirect=True)
def test_a_copy_of_the_sqlite_file_is_left_beside_it(api: TestClient, output_dir: Path) -> None:
    copy = output_dir / "jobs.db.revision-0001"
    with closing(sqlite3.connect(copy)) as kept, closing(_original()) as original:
        assert list(kept.iterdump()) == list(original.iterdump())
    assert copy.stat().st_mode == (output_dir / "jobs.db").stat().st_mode
    assert not list(output_dir.glob("*.partial*"))


def _original() -> sqlite3.Connection:
    return sqlite3.connect(f"file:{OLD_STORES / 'cd7af9a.db'}?immutable=1", uri=True)
