"""The service stays within MEMORY_BUDGET_GB, and says what can never fit."""

import time
from pathlib import Path

import pytest
import requests

from benchmarks.process_tree import PeakMemory, ProcessTree
from benchmarks.suite.sizing import run_case
from frontend.local.service import local_service
from tests.e2e.jobs import TIMEOUT, finish, post, status

pytestmark = [pytest.mark.alone, pytest.mark.slow]

BUDGET_GB = 1.1


def test_jobs_wait_until_their_memory_is_free(demo_repository: Path) -> None:
    with local_service(demo_repository, MEMORY_BUDGET_GB=str(BUDGET_GB)) as service:
        tree = ProcessTree([service.pid, service.triton.pid])
        with PeakMemory(tree, interval=0.1) as memory:
            jobs = [
                post(service.url, resolution=512, duration=5, seed=seed)["job_id"]
                for seed in range(4)
            ]
            running = []
            while any(status(service.url, job)["status"] == "queued" for job in jobs):
                states = [status(service.url, job)["status"] for job in jobs]
                running.append(states.count("running"))
                time.sleep(0.1)
            last = [finish(service.url, job) for job in jobs]

    assert [each["status"] for each in last] == ["completed"] * 4
    assert max(running) < 4
    assert memory.peak_bytes < BUDGET_GB * 1e9


def test_a_video_that_can_never_fit_is_refused(demo_repository: Path) -> None:
    with local_service(demo_repository, MEMORY_BUDGET_GB=str(BUDGET_GB)) as service:
        large = {"prompt": "a red ball", "resolution": 512, "duration": 10, "fps": 24}
        refused = requests.post(f"{service.url}/generate", json=large, timeout=TIMEOUT)

    assert refused.status_code == 400
    assert "num_frames=240 needs 1." in refused.json()["detail"]
    assert "GB of memory; the limit is 1.1 GB (MEMORY_BUDGET_GB)" in refused.json()["detail"]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("resolution", "duration", "fps", "videos"),
    [(512, 3, 8, 1), (1024, 3, 8, 1), (512, 10, 24, 4)],
)
def test_videos_take_about_what_the_service_expects_and_give_it_back(
    demo_repository: Path, resolution: int, duration: int, fps: int, videos: int
) -> None:
    """Of frames larger than those that the exporter measures, too."""
    taken = run_case(demo_repository, resolution, duration, fps, videos)

    assert taken["peak"] < 1.1 * taken["expected"]  # measurements vary by a few per cent
    assert taken["after"] - taken["before"] < 400e6  # all frames of the four are 755 MB
