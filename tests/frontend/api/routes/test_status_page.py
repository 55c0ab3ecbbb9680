from starlette.testclient import TestClient

from tests.frontend.conftest import post, wait_for
from tests.frontend.fake_triton import FakeTriton, Fault


def test_a_service_that_works_says_with_what(api: TestClient, fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.HANG]
    job_id = post(api)
    wait_for(api, job_id, "running")
    page = api.get("/status").text
    assert "Ready to make videos" in page
    assert "someone/Fake-Model (loaded)" in page
    assert "A CPU, fp32" in page
    assert "1 running, 0 waiting" in page
    assert "3.22 GB for the engines" in page  # 3 GiB
    api.delete(f"/jobs/{job_id}")


def test_a_service_that_does_not_work_says_why(api: TestClient, fake_triton: FakeTriton) -> None:
    fake_triton.stop()
    page = api.get("/status").text
    assert "No videos can be made now" in page
    reason = api.get("/health").json()["reason"]
    assert reason[1:] in page
