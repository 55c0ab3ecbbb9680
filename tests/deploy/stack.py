"""The files that describe the containers, parsed."""

import inspect
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ltx_triton.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = ROOT / "docker-compose.yml"
# Service -> the folders whose code it runs, as far as they read settings.
CODE = {
    "triton": ["ltx_triton/engines"],
    "triton-cpu": ["ltx_triton/engines", "ltx_triton/launcher"],
    "video-api": ["frontend"],
    "export": ["export", "ltx_triton/engines"],
}


def compose() -> dict[str, Any]:
    """The compose file, with its anchors resolved and its variables as they are written."""
    parsed: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return parsed


def services() -> dict[str, dict[str, Any]]:
    """Service -> what compose says of it."""
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def passed_on(service: str) -> set[str]:
    """The variables that a service takes from outside."""
    described = services()[service]
    as_they_are = {name for name, value in described["environment"].items() if value is None}
    return as_they_are | set(re.findall(r"\$\{([A-Z_]+)", str(described)))


def settings_read(service: str) -> set[str]:
    """The settings that the code of a service reads."""
    found: set[str] = set()
    for folder in CODE[service]:
        for file in (ROOT / folder).rglob("*.py"):
            text = file.read_text()
            in_place = re.findall(r"os\.environ\.get\(\"([A-Z_]+)\"", text)
            for name in (*map(str.lower, in_place), *re.findall(r"settings\.(\w+)", text)):
                found |= _variables(name)
    return found


def _variables(name: str) -> set[str]:
    """The settings behind an attribute of `Settings`: itself, or those its property reads."""
    if name in Settings.model_fields:
        return {name.upper()}
    attribute = getattr(Settings, name, None)
    if not isinstance(attribute, property) or attribute.fget is None:
        return set()
    read = re.findall(r"self\.(\w+)", inspect.getsource(attribute.fget))
    return set().union(*map(_variables, read))


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
