"""Range and conditional requests for a file (RFC 9110), with the documented body for an error.

Starlette answers malformed ranges and unknown units with 400, which the RFC wants ignored.
"""

import re
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import FileResponse
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Receive, Scope, Send

from frontend.api.errors import ApiError, ErrorType, shorten

_SINGLE_RANGE = re.compile(r"bytes=(?P<first>[0-9]{0,1000})-(?P<last>[0-9]{0,1000})")
_conditions = StaticFiles()


class RangedFileResponse(FileResponse):
    """A file, a single range of it, or 304 to a client that has it.

    Other range headers are ignored, as the RFC allows.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if _conditions.is_not_modified(self.headers, headers):
            await NotModifiedResponse(self.headers)(scope, receive, send)
            return
        header = headers.get("range", "")
        match = _SINGLE_RANGE.fullmatch(header.strip().lower())
        if "range" in headers and not (match and _is_valid(match)):
            rest = [(name, value) for name, value in scope["headers"] if name != b"range"]
            scope = {**scope, "headers": rest}
        elif match and match["first"] and int(match["first"]) >= (size := self._size()):
            error = ApiError(
                HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
                ErrorType.VALIDATION,
                f"The range {shorten(repr(header))} begins after the end of the file of "
                f"{size} bytes",
                headers={"Content-Range": f"bytes */{size}"},
            )
            await error.response(scope)(scope, receive, send)
            return
        await super().__call__(scope, receive, send)

    def _size(self) -> int:
        assert self.stat_result  # noqa: S101  given by the route
        return self.stat_result.st_size


def _is_valid(match: re.Match[str]) -> bool:
    first, last = match["first"], match["last"]
    if first and last:
        return int(first) <= int(last)
    return bool(first) or (last != "" and int(last) > 0)
