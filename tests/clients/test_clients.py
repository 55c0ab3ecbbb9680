"""The clients work unmodified, and docs/clients.md says what came back."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from frontend.local.service import local_service
from tests.clients.calls import all_calls
from tests.clients.environment import clients_python
from tests.clients.table import documented, render

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

GENERATED = """
import json, sys, time
sys.path.insert(0, sys.argv[2])
from generated.api.jobs import delete_job, get_job, list_jobs
from generated.api.video_generation import generate
from generated.client import Client
from generated.models import GenerateJsonBody

client = Client(sys.argv[1], raise_on_unexpected_status=True)
body = GenerateJsonBody(prompt="a red ball", width=256, height=256, num_frames=9, wait=False)
job = generate.sync(client=client, body=body, idempotency_key="generated-1")
assert hasattr(job, "status"), job
same = generate.sync(client=client, body=body, idempotency_key="generated-1")
while (state := get_job.sync(job.job_id, client=client).status) in ("queued", "running"):
    time.sleep(0.1)
listed = [each.job_id for each in list_jobs.sync(client=client).jobs]
deleted = delete_job.sync(job.job_id, client=client).deleted
print(json.dumps([same.job_id == job.job_id, state, listed == [job.job_id], deleted]))
"""


@pytest.fixture(scope="module")
def python() -> Path:
    return clients_python()


@pytest.fixture
def url(demo_repository: Path) -> Iterator[str]:
    with local_service(demo_repository) as service:
        yield service.url


def test_the_clients_get_what_the_table_says(python: Path, url: str) -> None:
    assert render(all_calls(python, url)) == documented()


def test_a_client_is_generated_from_the_openapi_document(
    python: Path, url: str, tmp_path: Path
) -> None:
    document, config = tmp_path / "openapi.json", tmp_path / "config.json"
    document.write_bytes(requests.get(f"{url}/openapi.json", timeout=60).content)
    config.write_text(
        json.dumps({"content_type_overrides": {"video/mp4": "application/octet-stream"}})
    )
    subprocess.run(
        [
            *(python.with_name("openapi-python-client"), "generate", "--path", document),
            *("--output-path", tmp_path / "generated", "--meta", "none", "--config", config),
        ],
        check=True,
    )

    used = subprocess.run(
        [python, "-c", GENERATED, url, tmp_path], check=False, capture_output=True, text=True
    )

    assert used.returncode == 0, used.stderr
    assert json.loads(used.stdout) == [True, "completed", True, True]
