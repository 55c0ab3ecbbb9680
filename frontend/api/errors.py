"""Errors of the API: {"detail", "error_type"[, "job_id"]}, OpenAI's body below /v1, or a page."""

import logging
from collections.abc import Sequence
from enum import StrEnum
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from frontend.api.accept import prefers_html
from frontend.api.openai.errors import error_body, speaks_openai
from frontend.database.database import STORE_AWAY, StoreLostError
from frontend.web.error_page import error_page

_log = logging.getLogger(__name__)


class ErrorType(StrEnum):
    """Kind of an error, for programs."""

    VALIDATION = "validation_error"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    FORBIDDEN = "forbidden"
    CONFLICT = "conflict"
    RATE_LIMITED = "rate_limited"
    UNAUTHORIZED = "unauthorized"
    MODEL_NOT_LOADED = "model_not_loaded"
    QUEUE_FULL = "queue_full"
    STORE_UNAVAILABLE = "store_unavailable"
    STORAGE_FULL = "storage_full"
    GENERATION = "generation_error"
    OUT_OF_MEMORY = "out_of_memory"
    CANCELLED = "cancelled"
    INTERNAL = "internal_error"


_MAX_REPEATED = 100  # characters
# OpenAI's SDK would send such requests again, and make nothing but more work.
_RETRY_IS_USELESS = (
    HTTPStatus.CONFLICT,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.INSUFFICIENT_STORAGE,
)
_KINDS = {
    HTTPStatus.NOT_FOUND: ErrorType.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: ErrorType.METHOD_NOT_ALLOWED,
}


class ApiError(Exception):
    """An error that the client gets as the answer."""

    def __init__(
        self,
        status: HTTPStatus,
        error_type: ErrorType,
        detail: str,
        job_id: str | None = None,
        headers: dict[str, str] | None = None,
        parameter: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.error_type = error_type
        self.detail = detail
        self.job_id = job_id
        self.headers = headers
        self.parameter = parameter  # the one that is wrong, where it is one

    def response(self, scope: Scope | None = None) -> Response:
        """The answer to a request of this scope: OpenAI's body, a page for a browser, or ours."""
        answer = self._answer(scope)
        answer.headers.update(self.headers or {})
        if self.status in _RETRY_IS_USELESS:
            answer.headers.setdefault("x-should-retry", "false")
        return answer

    def _answer(self, scope: Scope | None) -> Response:
        if scope and speaks_openai(scope):
            openai_body = error_body(self.status, self.detail, self.error_type, self.parameter)
            return JSONResponse(openai_body, self.status)
        if scope and prefers_html(scope):
            answer: Response = error_page(scope, self.status, self.detail)
        else:
            body = {"detail": self.detail, "error_type": self.error_type.value}
            if self.job_id:
                body["job_id"] = self.job_id
            answer = JSONResponse(body, self.status)
        answer.headers["Vary"] = "Accept"
        return answer


def bad_value(detail: str, parameter: str | None = None) -> ApiError:
    """400: understood, but out of range."""
    return ApiError(HTTPStatus.BAD_REQUEST, ErrorType.VALIDATION, detail, parameter=parameter)


def bad_request(detail: str, parameter: str | None = None) -> ApiError:
    """422: not understood."""
    return ApiError(
        HTTPStatus.UNPROCESSABLE_ENTITY, ErrorType.VALIDATION, detail, parameter=parameter
    )


def not_found(detail: str, job_id: str | None = None) -> ApiError:
    """404, about a job if there is an ID."""
    return ApiError(HTTPStatus.NOT_FOUND, ErrorType.NOT_FOUND, detail, job_id and shorten(job_id))


def storage_full(problem: str) -> ApiError:
    """507: an operator has to free space."""
    return ApiError(HTTPStatus.INSUFFICIENT_STORAGE, ErrorType.STORAGE_FULL, problem)


def internal_error() -> ApiError:
    """500: a bug, or a part of the service that failed in an unknown way; the log has it."""
    return ApiError(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        ErrorType.INTERNAL,
        "Internal server error; the log of the server says more",
    )


def shorten(text: str) -> str:
    """Cut what a client wrote to a hundred characters, to repeat it."""
    return text if len(text) <= _MAX_REPEATED else f"{text[: _MAX_REPEATED - 1]}…"


def model_not_loaded() -> ApiError:
    """503: Triton or one of its models is not ready."""
    return ApiError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        ErrorType.MODEL_NOT_LOADED,
        "Model not loaded, please wait",
        headers={"Retry-After": "10"},
    )


def install_handlers(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Answer errors with their bodies; `routes` are all that the application has."""
    app.state.api_routes = routes
    app.exception_handler(ApiError)(_api_error)
    app.exception_handler(HTTPException)(_http_error)
    app.exception_handler(RequestValidationError)(_query_error)
    for error in (*STORE_AWAY, StoreLostError):
        app.exception_handler(error)(_store_error)


async def _api_error(request: Request, error: ApiError) -> Response:
    return error.response(request.scope)


async def _query_error(request: Request, error: RequestValidationError) -> Response:
    problem = error.errors()[0]
    name = str(problem["loc"][1])
    given = shorten(repr(problem["input"]))
    return bad_request(f"{name}: {problem['msg']}, not {given}", name).response(request.scope)


async def _store_error(request: Request, error: Exception) -> Response:
    _log.warning("The job store is away: %s", error.args[0])
    return ApiError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        ErrorType.STORE_UNAVAILABLE,
        "The job store does not answer; try again in 5 s",
        headers={"Retry-After": "5"},
    ).response(request.scope)


async def _http_error(request: Request, error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    detail = f"{status.phrase}: {request.method} {shorten(request.url.path)}"
    kind = _KINDS.get(status, ErrorType.VALIDATION)
    headers = dict(error.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods(request))  # Starlette names those of one route
    answer = ApiError(status, kind, detail, headers=headers)
    return answer.response(request.scope)


def _methods(request: Request) -> list[str]:
    """Methods that the path has in any route."""
    found = (
        route.methods or set()
        for route in request.app.state.api_routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
    )
    return sorted(set().union(*found))
