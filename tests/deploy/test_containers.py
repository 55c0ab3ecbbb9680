"""The images for the CPU, built and run: the one with everything, and the stack of compose."""

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import requests

from demo.evaluation.classifier import Prediction, classify
from demo.shapes.attributes import Background, Colour, Motion, Shape, Size
from frontend.local.health import unhealthy_reason
from frontend.media.reader import read
from ltx_triton.launcher.local_triton import free_port
from ltx_triton.launcher.process import LOOPBACK
from tests.deploy.engine import Engine, base_image, require_engine, run
from tests.deploy.stack import COMPOSE, ROOT
from tests.e2e.jobs import TIMEOUT, finish, post
from tests.frontend.conftest import wait_until

# Of their own, to leave a developer's images and containers alone.
IMAGES, PROJECT = "ltx-video-tests", "ltx-video-tests"
SERVED = ["triton-cpu", "video-api"]
HARDENED = [
    *("--init", "--read-only", "--tmpfs=/tmp", "--volume=/outputs"),
    *("--cap-drop=ALL", "--security-opt=no-new-privileges"),
]
BLUE_STAR = "a large blue star moving left on a white background"
SHOWN = Prediction(Background.WHITE, Colour.BLUE, Shape.STAR, Size.LARGE, Motion.LEFT)

# One stack has one name: tests in other workers would take it down.
pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(900)]


@dataclass(frozen=True)
class Stack:
    """docker-compose.yml as it is, but for its images' names and the folder it lies in."""

    engine: Engine
    file: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def compose(self, *arguments: str) -> str:
        return run(
            [*self.engine.compose, "--file", str(self.file), *arguments],
            COMPOSE_PROJECT_NAME=PROJECT,
            COMPOSE_PROFILES="cpu",
            API_HOST=LOOPBACK,
            API_PORT=str(self.port),
        )

    def container(self, service: str) -> str:
        labels = {"project": PROJECT, "service": service}
        filters = [f"--filter=label=com.docker.compose.{key}={labels[key]}" for key in labels]
        return self.engine("ps", "--quiet", *filters)


@pytest.fixture(scope="module")
def stack(demo_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """With its images built, and not started."""
    engine = require_engine()
    folder = tmp_path_factory.mktemp("stack")
    text = COMPOSE.read_text().replace("context: .", f"context: {ROOT}")
    stack = Stack(engine, folder / COMPOSE.name, free_port())
    stack.file.write_text(text.replace("image: ltx-video/", f"image: {IMAGES}/"))
    shutil.copytree(demo_repository, folder / "build" / "model_repository")
    stack.compose(*engine.build, *SERVED)
    try:
        yield stack
    finally:
        stack.compose("down", "--volumes")


def make_video(url: str) -> str:
    job: str = post(url, prompt=BLUE_STAR, duration=3, resolution=256, seed=1)["job_id"]
    assert finish(url, job)["status"] == "completed"
    return job


def shown(url: str, job: str, folder: Path) -> Prediction:
    file = folder / f"{job}.mp4"
    file.write_bytes(requests.get(f"{url}/download/{job}", timeout=TIMEOUT).content)
    video = read(file)
    return classify(video.frames, video.fps)


def wait_until_healthy(url: str) -> None:
    wait_until(lambda: unhealthy_reason(url) is None, seconds=120)


def test_one_command_makes_a_video_without_any_rights(stack: Stack, tmp_path: Path) -> None:
    engine = stack.engine
    publish = f"--publish={LOOPBACK}::8000"
    with engine.running(f"{IMAGES}/cpu", *HARDENED, publish) as container:
        wait_until_healthy(engine.url(container))
        job = make_video(engine.url(container))
        assert shown(engine.url(container), job, tmp_path) == SHOWN
        wait_until(partial(engine.is_healthy, container), seconds=30)
        assert engine("exec", container, "id", "-u") == "1000"

        started = time.monotonic()
        engine("stop", "--time=60", container)
        assert time.monotonic() - started < 20
        assert engine("inspect", "--format", "{{.State.ExitCode}}", container) == "0"

        engine("start", container)
        wait_until_healthy(engine.url(container))
        assert shown(engine.url(container), job, tmp_path) == SHOWN


def test_the_stack_makes_videos_whatever_is_started_again(stack: Stack, tmp_path: Path) -> None:
    stack.compose("up", "--detach", *SERVED)
    wait_until_healthy(stack.url)
    first = make_video(stack.url)
    assert shown(stack.url, first, tmp_path) == SHOWN
    for service in SERVED:
        wait_until(partial(stack.engine.is_healthy, stack.container(service)), seconds=30)

    for service in SERVED:
        stack.compose("restart", service)
        wait_until_healthy(stack.url)
        assert shown(stack.url, make_video(stack.url), tmp_path) == SHOWN

    stack.compose("down")
    stack.compose("up", "--detach", *SERVED)
    wait_until_healthy(stack.url)
    assert shown(stack.url, first, tmp_path) == SHOWN


def test_triton_has_room_for_large_videos_and_no_way_out(stack: Stack) -> None:
    stack.compose("up", "--detach", "triton-cpu")
    inside = ("exec", stack.container("triton-cpu"))

    free = stack.engine(*inside, "df", "--output=size", "--block-size=1M", "/dev/shm")  # noqa: S108
    routes = stack.engine(*inside, "cat", "/proc/net/route")

    assert int(free.split()[-1]) == 4096
    destinations = [line.split()[1] for line in routes.splitlines()[1:]]
    assert destinations
    assert "00000000" not in destinations


def test_the_images_are_as_large_as_documented(stack: Stack) -> None:
    text = (ROOT / "docs" / "containers.md").read_text()
    documented = dict(re.findall(r"`ltx-video/(\w+)`[^|\n]*\|[^|\n]*\| (\d+) MB \|", text))
    base = stack.engine.size(base_image())

    measured = {name: (stack.engine.size(f"{IMAGES}/{name}") - base) / 1e6 for name in documented}

    assert set(measured) == {"api", "cpu"}
    assert measured == {name: pytest.approx(int(documented[name]), rel=0.05) for name in measured}
