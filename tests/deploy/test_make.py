"""`make up`, `down` and `logs`, with a stand-in for docker that says how it was called."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.stack import ROOT

MAKE = shutil.which("make") or "make"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\necho "COMPOSE_PROFILES=$COMPOSE_PROFILES docker $*"\n')
    docker.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "called"),
    [
        (["up"], "COMPOSE_PROFILES= docker compose up --build --detach"),
        (["up", "PROFILE=cpu"], "COMPOSE_PROFILES=cpu docker compose up --build --detach"),
        (["logs", "PROFILE=cpu"], "COMPOSE_PROFILES=cpu docker compose logs --follow"),
        (["down"], "COMPOSE_PROFILES= docker compose --profile * down"),
    ],
)
def test_the_containers_are_started_and_stopped(
    arguments: list[str], called: str, programs: Path
) -> None:
    environment = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    ran = subprocess.run(
        [MAKE, "--silent", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == called


def test_the_environment_may_choose_the_profile(programs: Path) -> None:
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "COMPOSE_PROFILES": "cpu"}
    command = [MAKE, "--silent", "up"]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
    assert ran.stdout.startswith(b"COMPOSE_PROFILES=cpu ")
