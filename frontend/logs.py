"""Logging as text or as one JSON object per line, uvicorn's lines included.

INFO and above never contain a prompt.
"""

import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

_FIELDS = "fields"
_MAX_REMEMBERED = 1000  # messages
_log = logging.getLogger("frontend.jobs")


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, _FIELDS, {}),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


class QueryFilter(logging.Filter):
    """Removes the query string, which may hold a prompt, from uvicorn's access log."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and len(record.args) == 5:
            client, method, path, *rest = record.args
            record.args = (client, method, str(path).partition("?")[0], *rest)
        return True


class NotHttpFilter(logging.Filter):
    """Drops uvicorn's warning of what is not HTTP: a client's fault, which is logged as such."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.msg != "Invalid HTTP request received."


class RepeatFilter(logging.Filter):
    """Lets a warning or error that repeats itself through once a minute, with its count."""

    def __init__(self, window: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._window = window  # seconds
        self._clock = clock
        self._seen: dict[tuple[str, str, str], tuple[float, int]] = {}  # when last let through

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        message = record.getMessage()
        key = (record.name, message, repr(record.exc_info[1]) if record.exc_info else "")
        moment, suppressed = self._seen.pop(key, (-self._window, 0))
        now = self._clock()
        if now - moment < self._window:
            self._seen[key] = (moment, suppressed + 1)
            return False
        if suppressed:
            record.msg, record.args = f"{message} ({suppressed} more times before)", ()
        self._seen[key] = (now, 0)
        if len(self._seen) > _MAX_REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return True


def logging_config(level: str, log_format: str) -> dict[str, Any]:
    """Return a `logging.config` dictionary; uvicorn passes it to its workers."""
    text = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "query": {"()": "frontend.logs.QueryFilter"},
            "not_http": {"()": "frontend.logs.NotHttpFilter"},
            "repeats": {"()": "frontend.logs.RepeatFilter"},
        },
        "formatters": {"text": {"format": text}, "json": {"()": "frontend.logs.JsonFormatter"}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": log_format,
                "filters": ["repeats"],
            }
        },
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": {
            "uvicorn.access": {"filters": ["query"]},
            "uvicorn.error": {"filters": ["not_http"]},
            # Below WARNING they log every request for Triton's metrics.
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "alembic": {"level": "WARNING"},
        },
    }


def log_job(job_id: str, state: str, **fields: Any) -> None:
    """Log a change of a job's state in one line; `fields` become fields in JSON."""
    details = "".join(f" {name}={value}" for name, value in fields.items())
    _log.info(
        "job %s %s%s",
        job_id,
        state,
        details,
        extra={_FIELDS: {"job_id": job_id, "state": state, **fields}},
    )
