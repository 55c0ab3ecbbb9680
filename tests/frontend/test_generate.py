from pathlib import Path

from starlette.testclient import TestClient

SMALL = {"prompt": "A cat walking in a garden", "duration": 1, "resolution": 64, "seed": 7}


def test_a_request_is_answered_with_the_finished_video(api: TestClient, tmp_path: Path) -> None:
    response = api.post("/generate", data=SMALL)
    assert response.status_code == 200
    body = response.json()
    job_id = body["job_id"]
    assert body["frames_generated"] == 8
