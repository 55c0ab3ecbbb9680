import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.frontend.conftest import StartApi

KEY = "0123456789abcdef"


@pytest.fixture
def document(start_api: StartApi) -> dict[str, Any]:
    document: dict[str, Any] = start_api(max_video_duration=6).get("/openapi.json").json()
    return document


def test_every_documented_endpoint_is_described(document: dict[str, Any]) -> None:
    described = {(path, method) for path, item in document["paths"].items() for method in item}
    assert described == {
        ("/generate", "post"),
        ("/quote", "get"),
        ("/status/{job_id}", "get"),
        ("/jobs", "get"),
        ("/jobs/{job_id}", "get"),
        ("/jobs/{job_id}", "delete"),
        ("/jobs/{job_id}/cancel", "post"),
        ("/jobs/{job_id}/retry", "post"),
        ("/jobs/{job_id}/receipt", "get"),
        ("/jobs/{job_id}/events", "get"),
        ("/v1/videos", "get"),
        ("/v1/videos", "post"),
        ("/v1/videos/{video_id}", "get"),
        ("/v1/videos/{video_id}", "delete"),
        ("/v1/videos/{video_id}/content", "get"),
        ("/v1/videos/{video_id}/remix", "post"),
        ("/v1/models", "get"),
        ("/v1/models/{model}", "get"),
        ("/download/{job_id}", "get"),
        ("/preview/{job_id}", "get"),
        ("/health", "get"),
        ("/model-status", "get"),
    }


def test_generate_describes_its_parameters_for_query_and_every_body(
    document: dict[str, Any],
) -> None:
    operation = document["paths"]["/generate"]["post"]
    names = {
        *("prompt", "duration", "num_frames", "fps", "resolution", "width", "height", "size"),
        *("num_inference_steps", "seed", "negative_prompt", "guidance_scale"),
        *("callback_url", "wait"),
    }
    in_query = {parameter["name"]: parameter["schema"] for parameter in operation["parameters"]}
    assert in_query.keys() == names | {"Idempotency-Key"}
    assert in_query["duration"]["maximum"] == 6
    scale = in_query["guidance_scale"]
    assert (scale["type"], scale["minimum"], scale["maximum"]) == ("number", 1, 20)
    content = operation["requestBody"]["content"]
    assert content.keys() == {
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/json",
    }
    for body in content.values():
        assert body["schema"]["properties"].keys() == names
        assert body["schema"]["properties"]["duration"]["maximum"] == 6
    assert operation["responses"].keys() == {
        *("200", "202", "400", "403", "408", "409", "413", "422", "429", "500", "503", "507")
    }
    for status in ("400", "422", "503"):
        schema = operation["responses"][status]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/ErrorBody"}


def test_a_quote_takes_what_generate_takes(document: dict[str, Any]) -> None:
    generate = document["paths"]["/generate"]["post"]
    quote = document["paths"]["/quote"]["get"]
    names, same = (
        {each["name"] for each in operation["parameters"]} for operation in (generate, quote)
    )
    assert same == names - {"Idempotency-Key"}
    assert "requestBody" not in quote


def test_every_reference_of_the_document_leads_somewhere(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    assert document["openapi"] == "3.1.0"
    assert "ValidationError" not in text
    for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in document["components"]["schemas"]


def test_errors_are_described_as_json(document: dict[str, Any]) -> None:
    for item in document["paths"].values():
        for operation in item.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert response["content"].keys() == {"application/json"}


def test_the_api_key_is_described_when_it_is_required(start_api: StartApi) -> None:
    api = start_api(api_key_required=True, api_key=KEY)
    document = api.get("/openapi.json", headers={"X-API-Key": KEY}).json()
    assert document["components"]["securitySchemes"].keys() == {"X-API-Key", "Bearer", "Basic"}
    assert document["paths"]["/health"]["get"]["security"] == []


def test_examples_of_the_schema_are_accepted(api: TestClient, document: dict[str, Any]) -> None:
    content = document["paths"]["/generate"]["post"]["requestBody"]["content"]
    parameters = content["application/json"]["schema"]["properties"]
    given = {name: item["default"] for name, item in parameters.items() if "default" in item}
    given |= {**content["application/json"]["example"], "wait": False}
    assert api.post("/generate", json=given).status_code == 202
