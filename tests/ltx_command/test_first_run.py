"""What is said and refused before a known model is exported.

tests/e2e/test_known_model.py has how it is exported and makes a video.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from huggingface_hub import constants

from export import room
from ltx_command import first_run
from ltx_command.first_run import repository_with
from ltx_command.known_models import Download, KnownModel
from ltx_command.measured import CLIP, MeasuredClip, MeasuredClips
from ltx_triton.engines.calibration import Calibration, EngineSeconds
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.repository.assemble import copy_engines
from ltx_triton.repository.layout import DEMO_ENGINES
from tests.ltx_command.known_model import GB, LICENCE, TEXT_ENCODER, known_model, measured_clip

Measure = Callable[..., None]

# Twice as fast as the machine of `measured_clip`, but for the text encoder.
HERE = Calibration(
    precision=CpuPrecision.BF16,
    cores=8,
    pieces=EngineSeconds(text=0.1, denoise=0.25, decode=0.1),
)
WEIGHTS = Download("owner/model", "weights.safetensors", GB)


@pytest.fixture(autouse=True)
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, KnownModel]:
    """Models of a folder that is no checkpoint, on a machine with 20 GB of memory."""
    models = {"2b": known_model(str(tmp_path)), "13b": known_model(str(tmp_path))}
    monkeypatch.setattr(first_run, "KNOWN_MODELS", models)
    monkeypatch.setattr(first_run, "MODELS_FOLDER", tmp_path / "models")
    monkeypatch.setattr(first_run, "FOLDER", tmp_path)
    monkeypatch.setattr(first_run, "calibrate", lambda _=None: HERE)
    for module in (first_run, room):
        monkeypatch.setattr(module, "left_bytes", lambda: 20 * GB)
    return models


@pytest.fixture
def measure(tmp_path: Path) -> Measure:
    """Writes the file of what was measured."""

    def write(**clips: MeasuredClip) -> None:
        named = {name.removeprefix("m"): clip for name, clip in clips.items()}
        MeasuredClips(models=named).save(tmp_path)

    write(m2b=measured_clip(memory=9 * GB))
    return write


def refusal(name: str = "2b") -> str:
    with pytest.raises(click.ClickException) as refused:
        repository_with(name, yes=False)
    return refused.value.message


def test_licence_room_and_seconds_are_said_before_anything_is_done(
    measure: Measure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refusal() == "cannot ask without a terminal: give --yes"

    assert capsys.readouterr().out.splitlines() == [
        f"2b is {tmp_path}",
        f"Its licence: {LICENCE}",
        f"Its text encoder, {TEXT_ENCODER}",
        "Needs about",
        f"  1.0 GB of disk for engines in {tmp_path}/models/2b",
        f"  9.0 GB of memory to make a clip of {CLIP}",
        "The service takes at most 18.0 GB here (90% of the free memory)",
        # 4 s of text as there, and half of 80 s and of 40 s
        f"A clip of {CLIP} will take about 64 s here. This is an estimate: with random weights of "
        "this model's size in INT8 it took 2 min on Stand-in with 4 cores, and this machine was "
        "compared with that one",
    ]
    assert not (tmp_path / "models").exists()


def test_a_model_that_was_not_measured_is_said_to_be_so(
    measure: Measure, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal("13b")
    assert (
        "The memory and the seconds that a clip takes with 13b were not measured; the exporter "
        "checks disk and memory before it downloads\n" in capsys.readouterr().out
    )


def test_too_little_memory_is_refused_with_the_models_that_take_less(measure: Measure) -> None:
    measure(m2b=measured_clip(memory=9 * GB), m13b=measured_clip(memory=19 * GB))
    assert refusal("13b") == (
        f"13b needs 19.0 GB of memory to make a clip of {CLIP}; the service takes at most 18.0 GB "
        "here (90% of the free memory); --model 2b takes 9.0 GB"
    )


def test_the_memory_budget_is_the_limit_where_it_is_set(
    measure: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure(m2b=measured_clip(memory=19 * GB))
    monkeypatch.setenv("MEMORY_BUDGET_GB", "19.5")
    assert "give --yes" in refusal()
    monkeypatch.setenv("MEMORY_BUDGET_GB", "12")
    assert "the service takes at most 12.0 GB here (MEMORY_BUDGET_GB); end other" in refusal()


def test_too_little_memory_for_every_model_is_refused(measure: Measure) -> None:
    measure(m2b=measured_clip(memory=21 * GB))
    assert refusal().endswith("; end other programs, or take a larger machine")


def test_too_little_disk_is_refused_with_what_helps(
    known: dict[str, KnownModel], measure: Measure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MODEL_CACHE_DIR", str(tmp_path / "cache"))
    too_large = Download("owner/model", "weights.safetensors", 10**18)
    known["2b"] = known_model("owner/model/weights.safetensors", too_large)

    message = refusal()

    folders = f"{tmp_path}/cache and {tmp_path}/models/2b"
    assert message.startswith(f"2b: too little room: needs 1000000001.0 GB of disk in {folders}")
    assert message.endswith(
        " free (set MODEL_CACHE_DIR to a folder on another disk or make room there)"
    )


@pytest.mark.parametrize("is_default", [True, False])
def test_what_the_cache_has_is_not_downloaded(
    is_default: bool,
    known: dict[str, KnownModel],
    measure: Measure,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cache = tmp_path / "cache"
    if is_default:
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    else:
        monkeypatch.setenv("MODEL_CACHE_DIR", str(cache))
    known["2b"] = known_model("owner/model/weights.safetensors", WEIGHTS)

    refusal()
    assert f"  1.0 GB of disk for the download in {cache}\n" in capsys.readouterr().out

    folder = cache / "models--owner--model"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("c0ffee")
    (folder / "snapshots" / "c0ffee").mkdir(parents=True)
    (folder / "snapshots" / "c0ffee" / WEIGHTS.name).touch()
    refusal()
    printed = capsys.readouterr().out
    assert "Nothing to download: the hub's cache has its files\n" in printed
    assert "for the download" not in printed


def test_engines_for_a_cpu_are_not_made_where_a_gpu_is_asked_for(
    measure: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_DEVICE", "cuda")
    assert refusal().startswith(
        "--model 2b makes engines for the CPU, and MODEL_DEVICE=cuda runs none of them: "
        "set it to auto or cpu, or "
    )


def test_without_the_extra_the_command_that_installs_it_is_named(
    measure: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "diffusers", None)
    monkeypatch.delitem(sys.modules, "export.__main__", raising=False)
    assert refusal().endswith("pip install 'ltx-triton[export]'")


def test_with_yes_it_goes_on_and_ends_as_the_export_does(
    measure: Measure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as failed:
        repository_with("2b", yes=True)

    assert failed.value.code == 1
    assert f"error: {tmp_path} has no model_index.json" in capsys.readouterr().err


def test_what_is_exported_is_taken_without_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exported = tmp_path / "models" / "2b"
    copy_engines(DEMO_ENGINES, exported)

    assert repository_with("2b", yes=False) == exported
    assert capsys.readouterr().out == ""


def test_an_export_of_another_version_is_made_again(measure: Measure, tmp_path: Path) -> None:
    exported = tmp_path / "models" / "2b"
    copy_engines(DEMO_ENGINES, exported)
    settings = exported / "ltx_video" / "1" / "pipeline.json"
    settings.write_text(settings.read_text().replace('"version": 1', '"version": 0'))

    assert "give --yes" in refusal()
