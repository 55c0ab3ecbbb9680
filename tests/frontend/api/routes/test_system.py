from datetime import UTC, datetime

from starlette.testclient import TestClient

from tests.frontend.conftest import StartApi, wait_until
from tests.frontend.fake_triton import GPU_INFO, GPU_METRICS, FakeTriton


def test_health_without_a_gpu_has_no_gpu_info(api: TestClient) -> None:
    response = api.get("/health")
    body = response.json()
    assert response.status_code == 200
    timestamp = datetime.fromisoformat(body.pop("timestamp"))
    assert timestamp.tzinfo is None
    assert abs((datetime.now(UTC).replace(tzinfo=None) - timestamp).total_seconds()) < 60
    assert body == {"status": "healthy", "gpu_available": False, "gpu_info": None}


def test_health_reports_the_gpu_that_triton_sees(api: TestClient, fake_triton: FakeTriton) -> None:
    fake_triton.info, fake_triton.metrics = GPU_INFO, GPU_METRICS
    body = api.get("/health").json()
    assert body["gpu_available"] is True
    assert body["gpu_info"] == {
        "device_name": 'A "big" GPU',
        "memory_total_gb": 80.0,
        "memory_allocated_gb": 2.0,
        "memory_reserved_gb": 3.0,
    }


def test_health_does_without_metrics_that_cannot_be_parsed(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.metrics = "<html>not metrics</html>"
    response = api.get("/health")
    assert response.status_code == 200
    assert response.json()["gpu_info"] is None


def test_health_is_503_with_a_reason_when_a_model_is_not_ready(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.not_ready_models.add("transformer")
    response = api.get("/health")
    assert response.status_code == 503
    assert response.json()["status"] == "unhealthy"
    assert response.json()["reason"] == "not ready in Triton: transformer"


def test_health_is_503_when_triton_is_gone(api: TestClient, fake_triton: FakeTriton) -> None:
    fake_triton.stop()
    response = api.get("/health")
    assert response.status_code == 503
    assert "cannot be reached" in response.json()["reason"]


def test_the_model_status_is_what_triton_reports(api: TestClient) -> None:
    assert api.get("/model-status").json() == {
        "status": "loaded",
        "model_name": "someone/Fake-Model",
        "device": "cpu",
        "memory_usage_gb": 3.0,
    }


def test_a_model_that_is_not_ready_is_loading(api: TestClient, fake_triton: FakeTriton) -> None:
    fake_triton.ready = False
    assert api.get("/model-status").json()["status"] == "loading"


def test_without_triton_nothing_is_known_of_the_model(
    start_api: StartApi, fake_triton: FakeTriton
) -> None:
    fake_triton.stop()
    api = start_api(triton_metrics_url="http://127.0.0.1:9/metrics", model_name="a/configured")
    assert api.get("/model-status").json() == {
        "status": "unavailable",
        "model_name": None,
        "device": None,
        "memory_usage_gb": None,
    }


def test_the_api_is_well_again_when_triton_is_back(
    api: TestClient, fake_triton: FakeTriton
) -> None:
    fake_triton.stop()
    assert api.get("/health").status_code == 503
    fake_triton.start()
    wait_until(lambda: api.get("/health").status_code == 200)
