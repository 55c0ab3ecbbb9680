import json
import logging
import logging.config
from collections.abc import Iterator

import pytest

from frontend.logs import log_job, logging_config


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
