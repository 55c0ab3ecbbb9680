import json
from pathlib import Path
from typing import Any

import pytest

from ltx_command.checks.finding import Installation, Level
from ltx_command.doctor import CHECKS, examine
from ltx_triton.launcher.local_triton import free_port
from ltx_triton.settings import Settings
from tests.conftest import DEMO_ENGINES
from tests.frontend.api_process import Api
from tests.ltx_command.command import run
from tests.ltx_triton.launcher.processes import free_triton_ports
from tests.nobody import unprivileged


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Of a machine without faults, but for the hub."""
    return {
        **free_triton_ports(),
        "OUTPUT_DIR": str(tmp_path / "outputs"),
        "API_PORT": str(free_port()),
        "MODEL_DEVICE": "cpu",
        "HF_ENDPOINT": "http://127.0.0.1:9",
    }


def doctor(environment: dict[str, str], folder: Path) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and the findings by check."""
    examined = run(
        "doctor", "--json", "--model-repository", DEMO_ENGINES, folder=folder, **environment
    )
    assert examined.stderr == ""
    return examined.returncode, {each.pop("check"): each for each in json.loads(examined.stdout)}


def test_warnings_alone_are_no_failure_and_nothing_is_changed(
    environment: dict[str, str], tmp_path: Path
) -> None:
    code, findings = doctor(environment, tmp_path)
    assert findings["model hub"]["level"] == "warning"
    assert [name for name, each in findings.items() if each["level"] == "problem"] == []
    assert code == 0
    assert list(tmp_path.iterdir()) == []


def test_wrong_settings_are_a_problem_and_the_rest_is_looked_at(
    environment: dict[str, str], tmp_path: Path
) -> None:
    environment["MAX_RESOLUTION"] = "12"
    code, findings = doctor(environment, tmp_path)
    assert code == 1
    assert findings["settings"]["level"] == "problem"
    assert "MAX_RESOLUTION='12'" in findings["settings"]["text"]
    assert findings["models"]["level"] == "ok"


def test_a_problem_is_printed_with_what_to_do(environment: dict[str, str], tmp_path: Path) -> None:
    examined = run("doctor", "--model-repository", tmp_path, folder=tmp_path, **environment)
    assert examined.returncode == 1
    lines = examined.stdout.splitlines()
    [at] = [at for at, line in enumerate(lines) if line.startswith("problem")]
    assert lines[at].startswith(f"problem  models         {tmp_path}/ltx_video/1/pipeline.json is")
    assert "-> run `ltx-video export`" in lines[at + 1]


def test_a_folder_that_may_not_be_searched_is_a_problem(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    below = Installation(Settings(output_dir=closed / "outputs"), closed / "models")
    checks = ("output folder", "job store", "models", "TensorRT", "video memory")

    with unprivileged():
        found = {name: examine(CHECKS[name], below) for name in checks}

    assert {each.level for each in found.values()} == {Level.PROBLEM}
    assert found["output folder"].text == f"OUTPUT_DIR={below.settings.output_dir} is not writable"
    assert found["job store"].text == f"{below.settings.output_dir}/jobs.db: Permission denied"
    assert found["models"].text.startswith(f"{closed}/models/ltx_video/1/pipeline.json")


def test_a_running_service_holds_its_port_rightly(
    server: Api, environment: dict[str, str], tmp_path: Path
) -> None:
    environment |= {"API_HOST": "127.0.0.1", "API_PORT": str(server.port)}
    _, findings = doctor(environment, tmp_path)
    assert findings["API port"]["text"] == f"{server.port}: the service runs there"
