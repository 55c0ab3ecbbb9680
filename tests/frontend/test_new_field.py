"""A field that is added to the video spec in one place is everywhere else at once."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.frontend.fake_triton import FakeTriton

ROOT = Path(__file__).parents[2]
FIELD = '    loops: int = Field(1, title="Loops", ge=1, le=9, description="How often it plays")\n'
PROGRAM = """
import json, sys
from starlette.testclient import TestClient
from frontend.app import create_app

with TestClient(create_app(), base_url="http://localhost") as api:
    size = {"prompt": "a cat", "duration": 1, "resolution": 64, "wait": "false"}
    posts = {
        "query": api.post("/generate", params={**size, "loops": 2}),
        "form": api.post("/generate", data={**size, "loops": 3}),
        "json": api.post("/generate", json={**size, "loops": 4}),
    }
    jobs = {way: answer.json()["job_id"] for way, answer in posts.items()}
    store = api.app.state.services.store
    parameters = api.get("/openapi.json").json()["paths"]["/generate"]["post"]["parameters"]
    print(json.dumps({
        "status": {way: api.get(f"/status/{job}").json()["loops"] for way, job in jobs.items()},
        "store": {way: store.get(job).spec.loops for way, job in jobs.items()},
        "openapi": [p["schema"] for p in parameters if p["name"] == "loops"],
        "refused": api.post("/generate", json={**size, "loops": 10}).json()["detail"],
        "page": 'name="loops"' in api.get("/").text,
    }))
"""


@pytest.mark.slow
def test_a_field_of_the_spec_is_in_query_form_json_openapi_page_store_and_status(
    fake_triton: FakeTriton, tmp_path: Path
) -> None:
    for package in ("frontend", "ltx_triton"):
        shutil.copytree(ROOT / package, tmp_path / package)
    spec = tmp_path / "ltx_triton" / "video_spec.py"
    text = spec.read_text()
    anchor = "    seed: int = Field(\n"
    assert text.count(anchor) == 1
    spec.write_text(text.replace(anchor, FIELD + anchor))

    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env={
            **os.environ,
            "OUTPUT_DIR": str(tmp_path / "outputs"),
            "TRITON_GRPC_ADDRESS": fake_triton.address,
            "TRITON_METRICS_URL": fake_triton.metrics_url,
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    found = json.loads(finished.stdout)
    assert found["status"] == found["store"] == {"query": 2, "form": 3, "json": 4}
    [schema] = found["openapi"]
    assert (schema["minimum"], schema["maximum"]) == (1, 9)
    assert found["refused"] == "Loops must be from 1 to 9, not 10"
    assert found["page"]
