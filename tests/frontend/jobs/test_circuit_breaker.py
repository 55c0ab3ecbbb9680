"""Jobs and answers while an engine is lost."""

import time

import pytest
from starlette.testclient import TestClient

from frontend.engine_pace import EnginePace
from frontend.health_reasons import ENGINES_FAIL
from frontend.jobs import circuit_breaker
from frontend.services import Intervals
from tests.frontend.conftest import SMALL, StartApi, post, wait_for, wait_until
from tests.frontend.fake_triton import FakeTriton, Fault

LOST = "ENGINE_LOST: Stub process 'transformer_0_0' is not healthy."


@pytest.fixture
def intervals() -> Intervals:
    return Intervals(retry_delay=0.05)


@pytest.fixture
def api(start_api: StartApi) -> TestClient:
    return start_api(max_concurrent_jobs=1)


def lose_an_engine(api: TestClient, fake_triton: FakeTriton) -> list[str]:
    """Post two jobs, and let an engine be lost with the first; their ids."""
    fake_triton.message = fake_triton.probe_message = LOST
    fake_triton.faults = [Fault.ERROR_MESSAGE]
    fake_triton.step_seconds = 0.05
    jobs = [post(api), post(api)]
    wait_until(lambda: fake_triton.probes > 0)
    return jobs


def test_nothing_is_claimed_until_the_engines_have_worked(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    jobs = lose_an_engine(api, fake_triton)
    time.sleep(2)  # long enough to use up all attempts of both
    assert len(fake_triton.seen) == 1

    fake_triton.probe_message = ""

    attempts = [wait_for(api, job_id, "completed")["attempts"] for job_id in jobs]
    assert attempts == [2, 1]


def test_answers_say_that_nothing_can_be_made_meanwhile(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    lose_an_engine(api, fake_triton)

    health = api.get("/health")
    assert health.status_code == 503
    assert "has not worked since: Stub process 'transformer_0_0'" in health.json()["reason"]
    assert api.get("/model-status").json()["status"] == "unavailable"
    assert "ltx_engine_ready 0.0" in api.get("/metrics").text
    refused = api.post("/generate", json=SMALL)
    assert refused.status_code == 503
    assert refused.json()["error_type"] == "model_not_loaded"

    fake_triton.probe_message = ""

    wait_until(lambda: api.get("/health").status_code == 200)
    assert api.get("/model-status").json()["status"] == "loaded"


def test_engines_that_refuse_so_small_a_video_work(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    jobs = lose_an_engine(api, fake_triton)

    fake_triton.probe_message = "INVALID_REQUEST: width=64 is not possible"

    for job_id in jobs:
        wait_for(api, job_id, "completed")


def test_a_probe_that_hangs_is_given_up(
    api: TestClient, fake_triton: FakeTriton, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EnginePace, "allowed_silence", lambda _: 0.2)
    jobs = lose_an_engine(api, fake_triton)
    fake_triton.step_seconds = 1
    fake_triton.probe_message = ""
    probes = fake_triton.probes
    wait_until(lambda: fake_triton.probes > probes + 1)

    fake_triton.step_seconds = 0.001

    for job_id in jobs:
        wait_for(api, job_id, "completed")


def test_engines_that_fail_for_long_are_reported_to_the_launcher(
    api: TestClient, fake_triton: FakeTriton, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit_breaker, "_PATIENCE", 1.0)
    lose_an_engine(api, fake_triton)

    def reason() -> str | None:
        found: str | None = api.get("/health").json().get("reason")
        return found

    wait_until(lambda: reason() == ENGINES_FAIL)

    # The launcher restarts Triton, and must not do so again once it is ready.
    fake_triton.ready = False
    time.sleep(2)
    fake_triton.ready = True
    assert reason() not in (None, ENGINES_FAIL)

    fake_triton.probe_message = ""
    wait_until(lambda: reason() is None)


def test_the_stop_of_triton_costs_no_attempt(api: TestClient, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.ERROR_MESSAGE] * 5
    fake_triton.message = (
        "ENGINE_LOST: Model transformer - Error when running inference: Server not ready"
    )

    assert wait_for(api, post(api), "completed")["attempts"] == 1
    assert len(fake_triton.seen) == 6
