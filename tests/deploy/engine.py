"""Podman or Docker, whichever works here, with its compose."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.stack import DEPLOY

SERVICE = DEPLOY / "service.Dockerfile"
# Programs of this environment, such as podman-compose, come first.
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


@dataclass(frozen=True)
class Engine:
    program: str
    compose: list[str]
    build: list[str]  # compose, building

    def __call__(self, *arguments: str) -> str:
        """Run a command of the engine; return what it printed."""
        return run([self.program, *arguments])

    def size(self, image: str) -> int:
        """Bytes of an image, unpacked, with its base."""
        return int(self("image", "inspect", "--format", "{{.Size}}", image))

    def is_healthy(self, container: str) -> bool:
        """What the container's own health check finds."""
        if self.program == "podman":  # runs checks by itself with systemd alone
            return works([self.program, "healthcheck", "run", container])
        return self("inspect", "--format", "{{.State.Health.Status}}", container) == "healthy"

    def url(self, container: str) -> str:
        """Where port 8000 of a container is published."""
        return f"http://{self('port', container, '8000/tcp')}"

    @contextmanager
    def running(self, image: str, *options: str) -> Iterator[str]:
        """Run a container, and remove it with its volumes; yields its id."""
        container = self("run", "--detach", *options, image)
        try:
            yield container
        finally:
            self("rm", "--force", "--volumes", container)


def require_engine() -> Engine:
    """Find an engine that works and has, or can pull, the image that ours begin with."""
    engines = [
        Engine("podman", ["podman-compose"], ["--podman-build-args=--network=host", "build"]),
        Engine("docker", ["docker", "compose"], ["build"]),
    ]
    base = base_image()
    for engine in engines:
        program = engine.program
        if works([program, "info"]) and works([*engine.compose, "version"]):
            if works([program, "image", "inspect", base]) or works([program, "pull", base]):
                return engine
            pytest.skip(f"{program} has no image {base} and cannot pull it")
    pytest.skip("neither podman with podman-compose nor docker works here")


def base_image() -> str:
    defaults: list[str] = re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", SERVICE.read_text(), re.MULTILINE)
    return os.environ.get("PYTHON_IMAGE", defaults[0])


def run(command: list[str], **environment: str) -> str:
    done = try_to(command, **environment)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    printed: str = done.stdout.strip()
    return printed


def works(command: list[str]) -> bool:
    return shutil.which(command[0], path=PATH) is not None and try_to(command).returncode == 0


def try_to(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=os.environ | {"PATH": PATH, "BUILDAH_FORMAT": "docker"} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
