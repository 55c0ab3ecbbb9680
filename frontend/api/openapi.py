"""The OpenAPI document: FastAPI's own, completed."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from frontend.api import idempotency
from frontend.api.openai.errors import PREFIX as OPENAI
from frontend.api.openai.errors import OpenAIErrorBody
from frontend.api.responses import ErrorBody
from frontend.api.values import BODY_TYPES, JSON
from frontend.api.video_fields import schemas

_DESCRIPTION = """\
Videos from text prompts, made by LTX-Video inside NVIDIA Triton.

`POST /generate` answers with the finished video, or with `wait=false` at once with a job to follow
at `GET /status/{job_id}`, to cancel with `DELETE /jobs/{job_id}` and to fetch from
`GET /download/{job_id}`. Below `/v1` the same jobs speak OpenAI's Videos API.
"""
# Swagger UI fills these in. It would send them in the query and in the body, where they would
# contradict what its user changes in the other.
_PRESETS = ("default", "examples")
BINARY = {"schema": {"type": "string", "format": "binary"}}  # the body is a file
_IDEMPOTENCY_KEY = {
    "name": idempotency.HEADER,
    "in": "header",
    "required": False,
    "description": "A repeated request with the same key and parameters finds the same job",
    "schema": {"type": "string", "pattern": idempotency.PATTERN},
}
_ERRORS = {
    400: "A parameter is out of range",
    403: "The request comes from a page of another site",
    404: "No such job, or its video is missing",
    408: "The body did not arrive in time",
    409: "The state of the job does not allow it",
    413: "The body is far larger than any request",
    416: "The range begins after the end of the file",
    422: "A parameter is missing, unknown or of the wrong type",
    429: "Too many requests a minute; `Retry-After` says when to come back",
    500: "The video could not be generated",
    503: "The model is not loaded, or the queue is full; `Retry-After` says when to come back",
    507: "The videos have used up the room they may take",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an endpoint that can answer with these errors."""
    return {status: {"model": ErrorBody, "description": _ERRORS[status]} for status in statuses}


def errors_as_json(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The same for an endpoint whose other answers are of a type that its errors are not."""
    schema = {"$ref": f"#/components/schemas/{ErrorBody.__name__}"}
    return {
        status: {
            "content": {"application/json": {"schema": schema}},
            "description": _ERRORS[status],
        }
        for status in statuses
    }


def openai_errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The same for an endpoint of OpenAI's API."""
    described = errors(*statuses)
    for each in described.values():
        each["model"] = OpenAIErrorBody
    return described


def openapi_document(
    app: FastAPI,
    drawn_sides: tuple[int, int] | None,
    models: Mapping[str, type[BaseModel]],
    *,
    needs_api_key: bool,
    root_path: str,
) -> dict[str, Any]:
    """The document behind /docs.

    Args:
        drawn_sides: least and most pixels that the model can draw; None: any.
        models: for the path of each endpoint that reads parameters of a video, their model.
    """
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=_DESCRIPTION,
        servers=[{"url": root_path or "/"}],
        routes=app.routes,
    )
    for path, model in models.items():
        fields = form_fields(model)
        if drawn_sides:
            narrow_sides(fields, *drawn_sides)
        is_openai = path.startswith(OPENAI)
        operations = document["paths"][path]
        if not is_openai:  # those take no query
            for operation in operations.values():
                operation["parameters"] = _query(fields)
        if "post" in operations:
            operations["post"]["requestBody"] = _body(fields, is_openai=is_openai)
    for path in document["paths"].values():
        if "post" in path:
            path["post"].setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    _drop_unused_validation_errors(document)
    if needs_api_key:
        _describe_api_key(document)
    return document


def form_fields(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """Map each parameter of a request to its schema."""
    fields = schemas(model)
    for schema in fields.values():
        if schema["type"] == "integer" and schema.get("maximum", 0) > 2**31:
            schema["format"] = "int64"
    return fields


def narrow_sides(fields: dict[str, dict[str, Any]], least: int, most: int) -> None:
    """Offer only sides that the model can draw, where the settings allow any of them."""
    for name in fields.keys() & {"resolution", "width", "height"}:
        side = fields[name]
        bounds = max(side["minimum"], least), min(side["maximum"], most)
        if bounds[0] <= bounds[1]:
            side["minimum"], side["maximum"] = bounds


def _query(parameters: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": schema["description"],
            "schema": {key: schema[key] for key in schema if key not in _PRESETS},
        }
        for name, schema in parameters.items()
    ]


def _body(parameters: dict[str, dict[str, Any]], *, is_openai: bool) -> dict[str, Any]:
    example = {"prompt": parameters["prompt"]["examples"][0]}
    body: dict[str, Any] = {
        "type": "object",
        "properties": {
            name: {key: schema[key] for key in schema if key != "examples"}
            for name, schema in parameters.items()
        },
        "additionalProperties": is_openai,
    }
    if is_openai:
        body["required"] = ["prompt"]
    return {
        "required": is_openai,
        "description": "Unknown parameters are ignored"
        if is_openai
        else "The same parameters, for clients that do not use the query",
        "content": {
            content_type: {
                "schema": _with_nulls(body) if content_type == JSON else body,
                "example": example,
            }
            for content_type in BODY_TYPES
        },
    }


def _with_nulls(body: dict[str, Any]) -> dict[str, Any]:
    """In JSON a parameter may be null instead of absent."""
    properties = {
        name: schema if name == "prompt" else {**schema, "type": [schema["type"], "null"]}
        for name, schema in body["properties"].items()
    }
    return {**body, "properties": properties}


def _drop_unused_validation_errors(document: dict[str, Any]) -> None:
    """FastAPI announces its own 422 body on every path parameter; ours are never invalid."""
    for path in document["paths"].values():
        for operation in path.values():
            described = operation["responses"].get("422", {})
            if "HTTPValidationError" in str(described):
                del operation["responses"]["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)


def _describe_api_key(document: dict[str, Any]) -> None:
    document["components"]["securitySchemes"] = {
        "X-API-Key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "Bearer": {"type": "http", "scheme": "bearer"},
        "Basic": {"type": "http", "scheme": "basic", "description": "The key is the password"},
    }
    document["security"] = [{name: []} for name in document["components"]["securitySchemes"]]
    document["paths"]["/health"]["get"]["security"] = []
