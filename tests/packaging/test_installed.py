"""The wheel in an environment of its own, away from this checkout."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.fresh_environment import FreshEnvironment, build_wheel
from demo.evaluation.classifier import classify
from demo.shapes.attributes import Background, Colour, Motion, Shape
from frontend.media.reader import read
from ltx_triton.contract import TRANSFORMER
from ltx_triton.repository.layout import ENGINE_FILE, MODEL_FILE, version_folder
from tests.nobody import as_nobody

PROMPT = "a large blue star moving left on a white background"
DEMO = ("ltx-video", "demo", PROMPT)
PREPARING = "Preparing the demo checkpoint"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Iterator[FreshEnvironment]:
    """In a folder that others may read, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        environment = FreshEnvironment.create(Path(folder))
        environment.install(wheel)
        yield environment


@pytest.fixture
def user(installed: FreshEnvironment, request: pytest.FixtureRequest) -> FreshEnvironment:
    """The environment, used by somebody who has not used it before."""
    home = installed.folder.with_name(request.node.name)
    home.mkdir()
    return replace(installed, home=home)


def repository_of(user: FreshEnvironment) -> Path:
    return user.data / "model_repository"


def model_of(repository: Path) -> Path:
    return version_folder(repository, TRANSFORMER) / MODEL_FILE


def files(folder: Path) -> dict[Path, int]:
    """What lies there and when it was written, without what Python compiles."""
    found = (file for file in folder.rglob("*") if "__pycache__" not in file.parts)
    return {file: file.stat().st_mtime_ns for file in found if file.is_file()}


def test_the_first_demo_makes_the_video_that_was_asked_for(user: FreshEnvironment) -> None:
    printed = user.run(*DEMO)

    assert f"{PREPARING} in {repository_of(user)} ..." in printed
    assert {file.name for file in user.home.iterdir()} == {".local", "outputs"}
    video = read(user.home / "outputs" / "demo.mp4")
    assert video.fps == 8
    assert video.frames.shape == (24, 512, 512, 3)
    seen = classify(video.frames, video.fps)
    assert (seen.colour, seen.shape) == (Colour.BLUE, Shape.STAR)
    assert (seen.motion, seen.background) == (Motion.LEFT, Background.WHITE)


def test_the_second_demo_has_nothing_to_prepare(user: FreshEnvironment) -> None:
    user.run("python", "-m", "ltx_triton.repository")
    prepared = files(user.data)

    printed = user.run(*DEMO)

    assert PREPARING not in printed
    assert files(user.data) == prepared


def test_a_user_who_may_not_write_to_the_environment_is_served(user: FreshEnvironment) -> None:
    os.chown(user.home, 65534, 65534)
    before = files(user.folder)

    printed = user.run(*DEMO, before=as_nobody())

    assert "Video: outputs/demo.mp4" in printed
    assert files(user.folder) == before


def test_an_upgrade_brings_its_models(
    user: FreshEnvironment, source: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    user.run("python", "-m", "ltx_triton.repository")
    engine = version_folder(repository_of(user), TRANSFORMER) / ENGINE_FILE
    newer = tmp_path_factory.mktemp("newer")
    shutil.copytree(source, newer / "source", ignore=shutil.ignore_patterns("build", "*.egg-info"))
    model = model_of(newer / "source" / "model_repository")
    model.write_text(f"{model.read_text()}\nNEWER = True\n")
    upgrade = build_wheel(newer / "source", newer / "dist")
    try:
        user.install(upgrade, "--no-deps", "--force-reinstall")

        printed = user.run(*DEMO)
    finally:
        user.install(wheel, "--no-deps", "--force-reinstall")

    assert PREPARING in printed
    assert "Made with ltx-demo" in printed
    assert model_of(repository_of(user)).read_bytes() == model.read_bytes()
    assert engine.is_file()


def test_what_was_exported_is_served_in_the_place_of_the_demo_checkpoint(
    user: FreshEnvironment, checkpoint_folder: Path
) -> None:
    from export.options import ExportOptions
    from export.run import export

    user.run("python", "-m", "ltx_triton.repository")
    export(
        ExportOptions(
            model=str(checkpoint_folder),
            output=repository_of(user),
            name="hub/tiny",
            verification=False,
        )
    )
    (repository_of(user) / "prepared").write_text("another version")

    printed = user.run(*DEMO)

    assert f"Updating the models of {repository_of(user)} ..." in printed
    assert re.search(r"^Made with hub/tiny, seed \d+$", printed, re.MULTILINE)
