import asyncio
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from benchmarks.suite.client import Answer
from benchmarks.suite.load import closed_loop, open_loop, requests, videos_per_minute
from benchmarks.suite.memory import by_process
from frontend.local.api import LocalFrontend
from frontend.local.service import local_service


@pytest.fixture(scope="module")
def service(demo_repository: Path) -> Iterator[LocalFrontend]:
    with local_service(demo_repository, MAX_CONCURRENT_JOBS="1", MAX_QUEUED_JOBS="2") as service:
        yield service


def test_requests_are_distinct() -> None:
    pending = requests()
    assert len({next(pending) for _ in range(300)}) == 300


def test_refused_requests_do_not_count_as_videos() -> None:
    answers = [Answer(0.0, 10.0), Answer(5.0, 20.0), Answer(6.0, 6.1, refused=True)]
    assert videos_per_minute(answers) == pytest.approx(6)


@pytest.mark.slow
def test_closed_loop_clients_get_all_their_videos(service: LocalFrontend) -> None:
    answers = asyncio.run(closed_loop(service.url, clients=2, videos_each=2))
    assert [answer.refused for answer in answers] == [False] * 4
    for answer in answers:
        assert {"queue", "text", "denoise", "decode", "mp4"} == answer.stages.keys()
        assert 0 < sum(answer.stages.values()) <= answer.seconds


@pytest.mark.slow
def test_requests_beyond_the_queue_count_as_refused(service: LocalFrontend) -> None:
    answers = asyncio.run(open_loop(service.url, rate=50.0, videos=6))
    refused = [answer for answer in answers if answer.refused]
    assert 1 <= len(refused) <= 3
    assert all(answer.seconds < 1 for answer in refused)


@pytest.mark.slow
def test_memory_is_reported_by_process(service: LocalFrontend) -> None:
    sizes = by_process(psutil.Process())
    engines = {"text_encoder", "transformer", "vae_decoder"}
    assert sizes.keys() == {"tritonserver", "ltx_video", "frontend"} | engines
    assert min(sizes.values()) > 10e6
