"""`POST /generate` with whatever a client may send."""

import json
import string
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.frontend.conftest import StartApi
from tests.frontend.fake_triton import FakeTriton, Fault

NUMBERS = (
    *("duration", "seconds", "num_frames", "fps", "resolution", "width", "height"),
    *("num_inference_steps", "seed", "guidance_scale"),
)
NAMES = ("prompt", "negative_prompt", "size", *NUMBERS)
BODY_TYPES = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
numbers = st.one_of(
    st.integers(-2, 600), st.integers(), st.floats(allow_nan=False, allow_infinity=False)
)
values = st.one_of(
    st.none(),
    st.booleans(),
    numbers,
    st.text(max_size=30),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)
json_bodies = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=10), values, max_size=6)
typed_texts = st.one_of(texts, numbers.map(str), st.sampled_from(["", " 8 ", "64", "1", "+3"]))
form_values = st.dictionaries(st.sampled_from(NAMES), typed_texts, max_size=5)


@pytest.fixture
def api(start_api: StartApi, fake_triton: FakeTriton) -> TestClient:
    """Takes any number of jobs and finishes none: this is about the answers."""
    concurrent = 2
    fake_triton.faults = [Fault.HANG] * concurrent
    return start_api(max_queued_jobs=1_000_000, max_concurrent_jobs=concurrent)


def require_documented(response: httpx2.Response) -> None:
    assert response.status_code in (202, 400, 413, 422), response.text
    if response.status_code != 202:
        body = response.json()
        assert body.keys() == {"detail", "error_type"}
        assert body["error_type"] == "validation_error"
        assert 0 < len(body["detail"]) < 500


@given(json_bodies)
def test_any_json_object_gets_a_documented_answer(api: TestClient, body: dict[str, Any]) -> None:
    content = json.dumps({**body, "wait": False})
    headers = {"Content-Type": "application/json"}
    require_documented(api.post("/generate", content=content, headers=headers))


@given(st.binary(max_size=200), st.sampled_from([*BODY_TYPES, "text/plain", ""]))
def test_any_bytes_get_a_documented_answer(
    api: TestClient, content: bytes, content_type: str
) -> None:
    headers = {"Content-Type": content_type}
    require_documented(api.post("/generate?wait=no", content=content, headers=headers))


@given(st.text(string.printable, max_size=60))
def test_any_query_gets_a_documented_answer(api: TestClient, query: str) -> None:
    require_documented(api.post("/generate", params=f"wait=no&{query}"))


@given(form_values)
def test_query_form_and_json_get_the_same_answer(api: TestClient, sent: dict[str, str]) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answers = [
        api.post("/generate?wait=no", params={"wait": "no", **sent}),
        api.post("/generate?wait=no", content=urlencode(sent), headers=form),
        api.post("/generate?wait=no", files={name: (None, text) for name, text in sent.items()}),
        api.post("/generate?wait=no", json=sent),
    ]
    first, *others = map(comparable, answers)
    assert others == [first] * 3


def comparable(response: httpx2.Response) -> dict[str, Any]:
    """An answer without what differs from job to job."""
    require_documented(response)
    drawn = {"job_id", "status_url", "download_url", "preview_url", "seed"}
    drawn |= {"queue_position", "eta_seconds"}
    body: dict[str, Any] = response.json()
    return {name: value for name, value in body.items() if name not in drawn}
