"""The receiver of docs/webhooks.md, run as it is written."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from frontend.api.responses import JobBody
from frontend.api.webhook_event import webhook_event
from frontend.jobs.model import JobState
from frontend.services import Intervals
from frontend.webhooks import courier, sender
from frontend.webhooks.sender import DeliveryError, Sender
from ltx_triton.launcher.local_triton import free_port
from tests.frontend.conftest import new_job, wait_until
from tests.frontend.webhooks.receiver import SECRET

DOCUMENT = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
EVENT = webhook_event(
    new_job(id="c0000001", state=JobState.CANCELLED, attempts=0, created_at=1.0), root_path=""
)


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)


@pytest.fixture
def receiver() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """URL and process of the documented receiver."""
    [program] = examples("python")
    assert program.count("9000") == 1
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-c", program.replace("9000", str(port))],
        env={**os.environ, "WEBHOOK_SECRET": SECRET},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        url = f"http://127.0.0.1:{port}/videos"
        wait_until(lambda: _listens(url))
        yield url, process
        process.terminate()


def _listens(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 501
    except httpx.TransportError:
        return False


def send(url: str, secret: str) -> None:
    async def run() -> None:
        sender = Sender(secret, timeout=10, allow_private=True)
        try:
            await sender.send(url, "msg_c0000001", EVENT)
        finally:
            await sender.close()

    asyncio.run(run())


def test_the_receiver_takes_our_events_and_no_others(
    receiver: tuple[str, subprocess.Popen[str]],
) -> None:
    url, process = receiver

    with pytest.raises(DeliveryError, match="401"):
        send(url, SECRET.replace("MfKQ", "AAAA"))
    send(url, SECRET)

    assert process.stdout
    assert process.stdout.readline() == "video.cancelled c0000001\n"


def test_the_documented_event_has_the_fields_of_ours() -> None:
    _, event = map(json.loads, examples("json"))

    assert event.keys() == json.loads(EVENT).keys()
    assert event["data"].keys() <= JobBody.model_fields.keys()


def test_the_documented_numbers_are_the_real_ones() -> None:
    intervals = Intervals()

    assert intervals.webhook_delays == (5, 30, 120, 600, 3600, 21_600)
    assert "5 s, 30 s, 2 min, 10 min, 1 h and 6 h later" in DOCUMENT
    assert f"within {intervals.webhook_timeout:g} seconds" in DOCUMENT
    assert f"At most {sender.MAX_SENDING} events" in DOCUMENT
    assert f"{courier.MAX_PER_HOST} of them to the same host" in DOCUMENT


def test_the_command_makes_a_secret_that_is_taken() -> None:
    [command] = examples("bash")
    check = "from ltx_triton.settings import load_settings; print(load_settings().webhook_secret)"

    printed = subprocess.run(
        ["/bin/bash", "-euc", f'{command}\n{sys.executable} -c "{check}"'],
        capture_output=True,
        text=True,
        check=True,
    )

    assert printed.stdout == "**********\n"
