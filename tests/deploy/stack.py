"""The files that describe the containers, parsed."""

import re
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Stage:
    """A stage of a Dockerfile."""

    base: str  # an image, or a stage before it
    text: str


def stages(dockerfile: Path) -> dict[str, Stage]:
    """Name -> stage of a Dockerfile; the last one, if it has no name, is `final`."""
    _, *parts = re.split(r"^FROM ", dockerfile.read_text(), flags=re.MULTILINE)
    found = {}
    for part in parts:
        line, _, text = part.partition("\n")
        base, _, name = line.partition(" AS ")
        found[name or "final"] = Stage(base, text)
    return found


def ancestry(dockerfile: Path, stage: str = "final") -> str:
    """The instructions of a stage and of all that it is made from, those it copies from too."""
    every = stages(dockerfile)
    text = every[stage].text
    origins = {every[stage].base, *re.findall(r"^COPY --from=(\S+)", text, re.MULTILINE)}
    return "".join([*(ancestry(dockerfile, name) for name in sorted(origins & set(every))), text])


def image(service: str) -> str:
    """The instructions that make the image of a service."""
    build = services()[service]["build"]
    return ancestry(ROOT / build["dockerfile"], build.get("target", "final"))
