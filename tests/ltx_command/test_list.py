import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from frontend.api.routes.jobs import MAX_PAGE
from ltx_command.__main__ import main
from tests.frontend.api_process import Api
from tests.frontend.conftest import SMALL, wait_until
from tests.ltx_command.command import run


@pytest.fixture(scope="module")
def jobs(server: Api) -> list[str]:
    """The IDs of three completed jobs, the newest first."""
    prompts = ("red ball", "blue\nstar\x1b[2J", "red square")
    bodies = [{**SMALL, "prompt": prompt} for prompt in prompts]
    made = [server.http.post("/generate", json=body).json()["job_id"] for body in bodies]
    wait_until(lambda: all(server.status(job_id) == "completed" for job_id in made))
    return made[::-1]


def listed(*arguments: str, folder: Path, **environment: str) -> list[str]:
    shown = run("list", *arguments, folder=folder, **environment)
    assert shown.returncode == 0, shown.stderr
    return [line.split()[0] for line in shown.stdout.splitlines()[1:]]


def test_jobs_are_shown_in_a_table_the_newest_first(
    jobs: list[str], service: dict[str, str], tmp_path: Path
) -> None:
    shown = run("list", folder=tmp_path, **service)
    heading, *rows = shown.stdout.splitlines()
    assert heading.split() == ["ID", "CREATED", "(UTC)", "STATE", "SIZE", "SECONDS", "PROMPT"]
    assert [row.split()[0] for row in rows] == jobs
    assert rows[0].endswith("completed      64x64      1.0  red square")


def test_a_prompt_cannot_move_the_cursor(
    jobs: list[str], service: dict[str, str], tmp_path: Path
) -> None:
    shown = run("list", "--text", "star", folder=tmp_path, **service)
    assert shown.stdout.splitlines()[1].endswith("blue star [2J")


def test_jobs_are_chosen_by_state_text_and_time(
    jobs: list[str], service: dict[str, str], tmp_path: Path
) -> None:
    assert listed("--text", "red", folder=tmp_path, **service) == [jobs[0], jobs[2]]
    assert listed("--state", "failed", "--state", "queued", folder=tmp_path, **service) == []
    assert listed("--state", "completed", folder=tmp_path, **service) == jobs
    assert listed("--since", "2199-01-01", folder=tmp_path, **service) == []


def test_a_page_names_where_the_next_begins(
    jobs: list[str], service: dict[str, str], tmp_path: Path
) -> None:
    first = run("list", "--limit", "2", folder=tmp_path, **service)
    assert [line.split()[0] for line in first.stdout.splitlines()[1:]] == jobs[:2]
    more = first.stderr.removeprefix("More: ").split()
    assert listed(*more, folder=tmp_path, **service) == jobs[2:]


def test_json_is_the_answer_of_the_service(
    jobs: list[str], service: dict[str, str], server: Api, tmp_path: Path
) -> None:
    shown = run("list", "--json", "--limit", "1", folder=tmp_path, **service)
    assert json.loads(shown.stdout) == server.http.get("/jobs", params={"limit": 1}).json()


def test_a_limit_that_is_not_allowed_is_refused_with_those_that_are(
    service: dict[str, str], tmp_path: Path
) -> None:
    for limit in (0, MAX_PAGE + 1):
        refused = run("list", "--limit", str(limit), folder=tmp_path, **service)
        assert refused.returncode == 1
        assert refused.stderr.startswith("Error: limit: Input should be ")


def test_help_says_the_limit_of_the_api() -> None:
    shown = CliRunner().invoke(main, ["list", "--help"], terminal_width=1000)
    assert f"from 1 to {MAX_PAGE};" in shown.output
