"""Small jobs in the company of a large one, whose steps take seconds."""

import time
from pathlib import Path

import pytest

from tests.faults.service import FaultyService, faulty_service, wait_until

pytestmark = pytest.mark.alone

LARGE = {"resolution": 512, "duration": 10, "fps": 24}
SMALL = {"resolution": 64, "duration": 1}
STEPS = 8
NOTICE = 2.0  # seconds to notice a cancellation and a free turn
MARGIN = 1.5  # two jobs share the processor, and steps are not all alike


def seconds_of_a_step(service: FaultyService, large: str) -> float:
    """Measure the second step of a large job that has just been posted, alone at work."""

    def has_made(steps: int) -> bool:
        status = service.status(large)
        return bool(status and status.get("step", 0) >= steps)

    wait_until(lambda: has_made(1), "a step made", interval=0.02)
    began = time.monotonic()
    wait_until(lambda: has_made(2), "another step made", interval=0.02)
    return time.monotonic() - began


def test_a_large_job_that_is_cancelled_frees_its_turn_within_a_step(demo_repository: Path) -> None:
    with faulty_service(demo_repository, MAX_CONCURRENT_JOBS="1") as service:
        service.start()
        large, small = service.post(**LARGE), service.post(**SMALL)
        step = seconds_of_a_step(service, large)
        waiting = service.status(small)
        assert waiting
        assert waiting["status"] == "queued"

        began = time.monotonic()
        assert service.cancel(large).is_success
        [made] = service.finish([small])
        seconds = time.monotonic() - began

        assert made["status"] == "completed"
        own = made["generation_time_seconds"]
        assert seconds < step + NOTICE + own, (seconds, step, own)
        stopped = service.status(large)
        assert stopped
        assert stopped["status"] == "cancelled"


def test_a_small_job_waits_for_one_step_of_a_large_one_per_step_of_its_own(
    demo_repository: Path,
) -> None:
    with faulty_service(demo_repository, MAX_CONCURRENT_JOBS="2") as service:
        service.start()
        large = service.post(**LARGE | {"duration": 6})
        step = seconds_of_a_step(service, large)
        small = service.post(**SMALL)

        seen: dict[int, set[int]] = {}  # steps that the large job made, by the small one's

        def is_over() -> bool:
            mine, other = service.status(small), service.status(large)
            assert mine
            assert other
            if mine.get("stage") == "denoise" and other.get("stage") == "denoise":
                seen.setdefault(mine["step"], set()).add(other["step"])
            return bool(mine["status"] == "completed")

        wait_until(is_over, "the small job made", interval=0.02)

        assert len(seen) > 1, seen
        # Two, because both are written down four times a second.
        assert all(max(steps) - min(steps) <= 2 for steps in seen.values()), seen
        made = service.status(small)
        assert made
        assert made["stage_seconds"]["denoise"] < STEPS * step * MARGIN, (made, step)
