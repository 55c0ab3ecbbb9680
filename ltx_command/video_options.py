"""The options of commands that make videos: what to make, and where to write it."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from frontend.api.video_fields import (
    ALIASES,
    PromptFields,
    VideoFields,
    allowed_values,
    schemas,
    with_limits,
)
from frontend.client import FORMATS, DownloadedVideo
from ltx_command.connection import Command
from ltx_triton.settings import Settings

DEFAULT_PROMPT: str = (VideoFields.model_fields["prompt"].examples or [])[0]

_TYPES = {"integer": int, "number": float, "string": str}
_SUFFIXES = ", ".join(FORMATS)


def with_video_fields(command: Command) -> Command:
    """Add an option for each field of a request but the prompt, described as in the API."""
    fields = schemas(with_limits(VideoFields, Settings.model_construct()))
    names = (*fields, *ALIASES)
    del fields["prompt"]
    size_and_length_first = sorted(fields, key=lambda name: name in PromptFields.model_fields)
    for name in reversed(size_and_length_first):
        also = [alias for alias, meant in ALIASES.items() if meant == name]
        command = click.option(
            name,
            *map(_flag, (name, *also)),
            type=_TYPES[fields[name]["type"]],
            help=_help(fields[name], names),
        )(command)
    return command


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _help(schema: dict[str, Any], names: tuple[str, ...]) -> str:
    """Say what the API says of a field, with options in the place of its names."""
    text: str = schema["description"]
    for name in names:
        text = text.replace(f"`{name}`", _flag(name))
    if allowed := allowed_values(schema):
        return f"{text}; {allowed}."
    return f"{text}, such as {schema['examples'][0]}."


class VideoFile(click.ParamType[Path]):
    """A file to write a video to, which is refused before anything is sent."""

    name = "file"

    def convert(
        self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        path = Path(value)
        if path.suffix.lower() not in FORMATS:
            self.fail(f"{path} must end with one of {_SUFFIXES}", param, ctx)
        if problem := unwritable(path):
            self.fail(problem, param, ctx)
        return path


def output_option(otherwise: str) -> Callable[[Command], Command]:
    """Give the command the file to write as `output`; None if it is to write `otherwise`."""
    return click.option(
        "--output",
        type=VideoFile(),
        help=f"File to write; its suffix chooses the format: {_SUFFIXES}. Otherwise {otherwise}.",
    )


def unwritable(path: Path) -> str | None:
    """Return why no file can be written there, or None."""
    if path.is_dir():
        return f"{path} is a folder, not a file to write"
    return unwritable_folder(path.parent)


def unwritable_folder(folder: Path) -> str | None:
    """Return why no file can be made in the folder, or None."""
    if not folder.is_dir():
        return f"the folder {folder} does not exist"
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        return f"the folder {folder} cannot be written to: {error.strerror}"
    return None


def report(video: DownloadedVideo) -> None:
    """Print what has been made."""
    seconds = video.status.get("stage_seconds", {}).items()
    click.echo(f"Seconds by stage: {', '.join(f'{stage} {spent:.2f}' for stage, spent in seconds)}")
    model = video.status.get("model_used") or "an unknown model"
    click.echo(f"Made with {model}, seed {video.status['seed']}")
    click.echo(f"Video: {video.path}")
