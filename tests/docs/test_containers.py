"""What can be checked of the containers without a container engine."""

import re
from pathlib import Path
from typing import Any

import yaml

from ltx_triton.settings import Settings

ROOT = Path(__file__).parents[2]


def compose() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return services


def test_every_variable_that_compose_sets_is_a_setting() -> None:
    for service in compose().values():
        unknown = {name.lower() for name in service["environment"]} - set(Settings.model_fields)
        assert unknown == set()


def test_every_file_that_compose_and_the_images_name_exists() -> None:
    for service in compose().values():
        dockerfile = ROOT / service["build"]["dockerfile"]
        for source in re.findall(r"^COPY (\S+)", dockerfile.read_text(), re.MULTILINE):
            assert (ROOT / source).exists(), f"{dockerfile.name}: {source}"


def test_only_the_frontend_is_published() -> None:
    assert [name for name, service in compose().items() if "ports" in service] == ["video-api"]


def test_images_install_the_tested_versions() -> None:
    tested = (ROOT / "constraints.txt").read_text().lower().splitlines()
    for pin in re.findall(r"[a-z-]+==[\d.]+", (ROOT / "deploy/triton.Dockerfile").read_text()):
        assert pin in tested
