"""OpenAI's error body, {"error": {"message", "type", "param", "code"}}, below /v1."""

from http import HTTPStatus
from typing import Annotated, Any

from pydantic import BaseModel, Field
from starlette.types import Scope

PREFIX = "/v1/"

_TYPES = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.NOT_FOUND: "not_found_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}


class OpenAIError(BaseModel):
    message: str
    type: Annotated[str, Field(examples=["invalid_request_error"])]
    param: Annotated[str | None, Field(description="The parameter that is wrong")]
    code: Annotated[str | None, Field(description="`error_type` of the other endpoints")]


class OpenAIErrorBody(BaseModel):
    """Every error below /v1."""

    error: OpenAIError


def speaks_openai(scope: Scope) -> bool:
    """Whether the client of this path expects OpenAI's bodies."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")).startswith(PREFIX)


def error_body(
    status: HTTPStatus, message: str, code: str, parameter: str | None
) -> dict[str, Any]:
    fallback = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else None
    kind = _TYPES.get(status) or fallback or "invalid_request_error"
    error = OpenAIError(message=message, type=kind, param=parameter, code=code)
    return OpenAIErrorBody(error=error).model_dump(mode="json")
