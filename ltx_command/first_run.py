"""Export a known model on its first use, after saying what that takes."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from tqdm import tqdm

from ltx_command.export import PROGRAM, load_exporter
from ltx_command.known_models import KNOWN_MODELS, Download
from ltx_command.measured import CLIP, FOLDER, MeasuredClip, MeasuredClips
from ltx_command.progress import rounded
from ltx_triton.contract import LTX_VIDEO
from ltx_triton.engines.calibration import Calibration, calibrate
from ltx_triton.engines.machine_memory import left_bytes
from ltx_triton.json_file import JsonFileError
from ltx_triton.memory_budget import BYTES_PER_GB, SHARE
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import MODELS_FOLDER, version_folder
from ltx_triton.settings import load_settings

_BAR = "{desc} {percentage:3.0f}% |{bar}| {elapsed}"
_MEASURING = "Measuring how fast this machine is"


def repository_with(name: str, *, yes: bool) -> Path:
    """Return the repository of a known model, which is exported if it is not there.

    Args:
        name: its short name.
        yes: whether to go on without asking.
    """
    repository = MODELS_FOLDER / name
    if not _is_exported(repository):
        _export(name, repository, yes=yes)
    return repository


def _is_exported(repository: Path) -> bool:
    try:
        PipelineConfig.load(version_folder(repository, LTX_VIDEO))
    except (FileNotFoundError, JsonFileError):  # none, or of another version
        return False
    return True


def _export(name: str, repository: Path, *, yes: bool) -> None:
    model, settings = KNOWN_MODELS[name], load_settings()
    if settings.model_device == "cuda":
        raise click.ClickException(
            f"--model {name} makes engines for the CPU, and MODEL_DEVICE=cuda runs none of them: "
            f"set it to auto or cpu, or make engines for the GPU with `{PROGRAM} --model "
            f"{model.checkpoint} --target tensorrt`"
        )
    exporter = load_exporter()
    click.echo(
        f"{name} is {model.checkpoint}\nIts licence: {model.licence}\n"
        f"Its text encoder, {model.text_encoder}"
    )
    clips = MeasuredClips.load(FOLDER).models
    missing = [file for file in model.downloads if not _is_cached(file, settings.model_cache_dir)]
    if model.downloads and not missing:
        click.echo("Nothing to download: the hub's cache has its files")
    clip = clips.get(name)
    _require_disk(name, clip, missing, settings.model_cache_dir, repository)
    if clip:
        _require_memory(name, clips, settings.memory_budget_gb)
        click.echo(_tell_seconds(clip))
    else:
        click.echo(
            f"The memory and the seconds that a clip takes with {name} were not measured; the "
            "exporter checks disk and memory before it downloads"
        )
    _ask(yes=yes)
    where = ("--target", "onnx", "--output", str(repository))
    code = exporter(("--model", model.checkpoint, *where))
    if code:
        raise SystemExit(code)


def _is_cached(file: Download, cache: Path | None) -> bool:
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(file.repository, file.name, cache_dir=cache), str)


def _require_disk(
    name: str,
    clip: MeasuredClip | None,
    missing: Sequence[Download],
    cache: Path | None,
    repository: Path,
) -> None:
    from huggingface_hub.constants import HF_HUB_CACHE

    from export.errors import ExportError
    from export.room import Disk, require_room, size

    needs: list[Disk] = []
    remarks: list[str] = []
    if missing:
        needs.append(
            Disk(
                "the download",
                sum(file.bytes for file in missing),
                cache or Path(HF_HUB_CACHE),
                "set MODEL_CACHE_DIR to a folder on another disk",
            )
        )
    if clip:
        needs.append(Disk("engines", clip.engine_bytes, repository, "make room there"))
        remarks.append(f"{size(clip.memory_bytes)} of memory to make a clip of {CLIP}")
    try:
        require_room(needs, remarks)
    except ExportError as error:
        raise click.ClickException(f"{name}: {error}") from error


def _require_memory(name: str, clips: Mapping[str, MeasuredClip], budget_gb: float | None) -> None:
    from export.room import size

    if budget_gb is None:
        limit, origin = SHARE * left_bytes(), f"{SHARE:.0%} of the free memory"
    else:
        limit, origin = budget_gb * BYTES_PER_GB, "MEMORY_BUDGET_GB"
    allowed = f"the service takes at most {size(limit)} here ({origin})"
    needed = clips[name].memory_bytes
    if needed > limit:
        fitting = [
            f"--model {other} takes {size(its.memory_bytes)}"
            for other, its in clips.items()
            if its.memory_bytes <= limit
        ]
        remedy = " or ".join(fitting) or "end other programs, or take a larger machine"
        raise click.ClickException(
            f"{name} needs {size(needed)} of memory to make a clip of {CLIP}; {allowed}; {remedy}"
        )
    click.echo(f"{allowed[0].upper()}{allowed[1:]}")


def _tell_seconds(clip: MeasuredClip) -> str:
    there = clip.calibration
    seconds = _calibrate().estimate(clip.seconds, there)
    return (
        f"A clip of {CLIP} will take about {rounded(seconds)} here. This is an estimate: with "
        f"random weights of this model's size in {clip.precision.upper()} it took "
        f"{rounded(clip.seconds.total)} on {clip.processor} with {there.cores} cores, and this "
        "machine was compared with that one"
    )


def _calibrate() -> Calibration:
    if not sys.stderr.isatty():
        click.echo(f"{_MEASURING} ...", err=True)
        return calibrate()
    with tqdm(total=1.0, desc=_MEASURING, bar_format=_BAR, leave=False) as bar:

        def show(share: float) -> None:
            bar.update(share - bar.n)

        return calibrate(show)


def _ask(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.ClickException("cannot ask without a terminal: give --yes")
    click.confirm("Go on?", abort=True)
