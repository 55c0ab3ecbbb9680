"""Logging: text or one JSON object a line, uvicorn's lines included. Never a prompt at INFO."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

_FIELDS = "fields"
_log = logging.getLogger("frontend.jobs")


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Render the record."""
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


class WithoutQuery(logging.Filter):
    """Takes the query, which may hold a prompt, out of uvicorn's access lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record pass, shortened."""
        if isinstance(record.args, tuple) and len(record.args) == 5:
            client, method, path, *rest = record.args
            record.args = (client, method, str(path).partition("?")[0], *rest)
        return True


def logging_config(level: str, log_format: str) -> dict[str, Any]:
    """Configuration for `logging.config`; uvicorn passes it on to its workers."""
    text = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"without_query": {"()": "frontend.logs.WithoutQuery"}},
        "formatters": {"text": {"format": text}, "json": {"()": "frontend.logs.JsonFormatter"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": log_format}},
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": {
            "uvicorn.access": {"filters": ["without_query"]},
            # Below WARNING they tell of every request to Triton's metrics.
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "alembic": {"level": "WARNING"},
        },
    }


def log_job(job_id: str, state: str, **fields: Any) -> None:
    """One line per change of a job's state."""
    details = "".join(f" {name}={value}" for name, value in fields.items())
    _log.info(
        "job %s %s%s",
        job_id,
        state,
        details,
        extra={_FIELDS: {"job_id": job_id, "state": state, **fields}},
    )
