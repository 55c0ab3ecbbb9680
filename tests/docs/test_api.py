"""The examples of docs/api.md, run as they are written against a real stack."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from frontend.api.responses import JobBody
from tests.e2e.jobs import finish, post

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"
EXAMPLE_ID = "2c49d3d2f7a14e0b9d6c5a83e1f04b72"


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)


@pytest.mark.parametrize("command", [text for text in examples("bash") if "/generate" in text])
def test_curl_examples_make_videos(frontend: str, command: str) -> None:
    local = command.replace("http://localhost:8000", frontend)

    answer = subprocess.run(
        ["/bin/bash", "-c", local.replace("curl", "curl --silent --fail-with-body", 1)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 0, answer.stdout + answer.stderr
    body = json.loads(answer.stdout)
    assert finish(frontend, body["job_id"])["status"] == "completed"


def test_curl_examples_follow_a_job(frontend: str, tmp_path: Path) -> None:
    job = post(frontend)
    finish(frontend, job["job_id"])
    [commands] = [text for text in examples("bash") if "/status/" in text]
    local = commands.replace("http://localhost:8000", frontend).replace(EXAMPLE_ID, job["job_id"])

    answer = subprocess.run(
        ["/bin/bash", "-c", local.replace("curl", "curl --silent")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert '"status":"completed"' in answer.stdout
    assert (tmp_path / "video.mp4").read_bytes()[4:8] == b"ftyp"
    assert "completed" in answer.stdout.splitlines()[-1], "a finished job is removed"


def test_the_python_example_works(frontend: str, tmp_path: Path) -> None:
    [program] = examples("python")

    subprocess.run(
        [sys.executable, "-c", program.replace("http://localhost:8000", frontend)],
        cwd=tmp_path,
        check=True,
    )

    [video] = tmp_path.glob("video_*.mp4")
    assert video.read_bytes()[4:8] == b"ftyp"


def test_the_documented_answer_has_the_fields_of_the_schema() -> None:
    answer = json.loads(examples("json")[0])

    assert answer.keys() <= JobBody.model_fields.keys()
    JobBody.model_validate(answer)
