import json
import logging
import logging.config
from collections.abc import Iterator

import pytest

from frontend.logs import RepeatFilter, log_job, logging_config


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_json_logs_are_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    logging.config.dictConfig(logging_config("INFO", "json"))
    log_job("0badcafe", "completed", denoise=1.5)
    try:
        raise ValueError("of\nseveral lines")
    except ValueError:
        logging.getLogger("uvicorn.error").exception("it failed")
    logging.getLogger("frontend").debug("not shown")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert first.pop("timestamp").endswith("+00:00")
    assert first == {
        "level": "INFO",
        "logger": "frontend.jobs",
        "message": "job 0badcafe completed denoise=1.5",
        "job_id": "0badcafe",
        "state": "completed",
        "denoise": 1.5,
    }
    assert "ValueError: of\nseveral lines" in second["exception"]


def test_access_lines_do_not_show_the_query(capsys: pytest.CaptureFixture[str]) -> None:
    logging.config.dictConfig(logging_config("INFO", "text"))
    logging.getLogger("uvicorn.access").info(
        '%s - "%s %s HTTP/%s" %d', "1.2.3.4:5", "POST", "/generate?prompt=private", "1.1", 200
    )
    line = capsys.readouterr().err
    assert '1.2.3.4:5 - "POST /generate HTTP/1.1" 200' in line
    assert "private" not in line


def test_an_error_that_repeats_itself_is_logged_once_a_minute_with_its_count() -> None:
    now = 100.0
    repeats = RepeatFilter(window=60, clock=lambda: now)

    def log(message: str, level: int = logging.ERROR, error: Exception | None = None) -> str | None:
        exc_info = (type(error), error, None) if error else None
        record = logging.LogRecord("test", level, "", 0, "it %s", (message,), exc_info)
        return record.getMessage() if repeats.filter(record) else None

    assert [log("failed") for _ in range(3)] == ["it failed", None, None]
    assert log("failed", error=ValueError("why")) == "it failed"
    assert log("failed differently") == "it failed differently"
    assert [log("goes on", logging.INFO) for _ in range(2)] == ["it goes on"] * 2
    now += 61
    assert log("failed") == "it failed (2 more times before)"
    now += 61
    assert log("failed") == "it failed"
