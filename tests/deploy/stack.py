"""The files that describe the containers, parsed."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = ROOT / "docker-compose.yml"


def compose() -> dict[str, Any]:
    """The compose file, with its anchors resolved and its variables as they are written."""
    parsed: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return parsed


def services() -> dict[str, dict[str, Any]]:
    """Service -> what compose says of it."""
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def dockerfile(service: str) -> Path:
    """What the image of a service is built from."""
    path: str = services()[service]["build"]["dockerfile"]
    return ROOT / path
