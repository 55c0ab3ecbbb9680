import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from export.errors import ExportError
from export.options import ExportOptions
from export.precision import Precision
from export.random.single_file import write_random_single_file
from export.run import export
from tests.export.hub import Hub, local_hub

Weights = dict[str, torch.Tensor]
BIAS = "model.diffusion_model.transformer_blocks.0.attn1.to_q.bias"


@pytest.mark.parametrize(
    ("what", "remedy"),
    [
        ("engine_needs", r"to measure what .* \(SKIP_VERIFICATION=1 leaves it and the "),
        ("calibration_need", r"to calibrate FP8, .* \(calibrate on another machine and copy "),
    ],
)
def test_an_export_that_does_not_fit_is_refused_at_once(
    what: str,
    remedy: str,
    checkpoint_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for share in ("memory.need.MEASURING_SHARE", "needs.MEMORY_SHARE"):
        monkeypatch.setattr(f"export.{share}", 1e9)
    precision = Precision.FP8 if what == "calibration_need" else Precision.FP32
    with pytest.raises(ExportError, match=f"^too little room: .*{remedy}"):
        export(ExportOptions(str(checkpoint_folder), tmp_path, precision=precision))
    assert list(tmp_path.iterdir()) == []


def test_no_weight_is_downloaded_before_there_is_room(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("export.memory.need.MEASURING_SHARE", 1e9)
    options = ExportOptions(hub.MODEL, tmp_path / "out", cache_dir=tmp_path / "cache")
    with pytest.raises(ExportError, match=r"^too little room: needs .* to measure "):
        export(options)

    needed = hub.size("model_index.json") + hub.size("*/*")
    assert f"{needed / 1e6:.0f} MB of disk for the download of {hub.MODEL} in " in (
        capsys.readouterr().out
    )
    assert any(name.endswith("config.json") for name in hub.fetched)
    assert not any(name.endswith(".safetensors") for name in hub.fetched)


def test_of_files_on_the_hub_only_headers_are_read_before_there_is_room(
    text_files: Path,
    checkpoint_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("export.memory.need.MEASURING_SHARE", 1e9)
    folder = shutil.copytree(text_files, tmp_path / "hub")
    write_random_single_file(folder / "ltxv-2b-0.9.8-distilled.safetensors")
    with local_hub(folder) as hub:
        model, text = (
            f"{hub.MODEL}/{name}.safetensors" for name in ("ltxv-2b-0.9.8-distilled", "fp16")
        )
        options = ExportOptions(
            model, tmp_path / "out", tmp_path / "cache", text, str(checkpoint_folder)
        )
        with pytest.raises(ExportError, match=r"^too little room: needs .* to measure "):
            export(options)

        said = capsys.readouterr().out
        for name in (model, text):
            needed = hub.size(name.removeprefix(f"{hub.MODEL}/"))
            assert f"{needed / 1e6:.0f} MB of disk for the download of {name} in " in said
        assert "Sampled as 0.9.8-distilled: 8 steps, no guidance\n" in said
        assert hub.fetched == []
        assert {name for name, _ in hub.peeked} == {
            "ltxv-2b-0.9.8-distilled.safetensors",
            "fp16.safetensors",
        }


def test_the_gpu_is_asked_for_room_in_another_process(
    checkpoint_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_context() -> tuple[int, int]:
        raise AssertionError("this process holds a CUDA context from now on")

    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.mem_get_info", open_context)
    monkeypatch.setattr("export.needs.MEMORY_SHARE", 1e9)
    with pytest.raises(ExportError, match=r"^too little room: needs .* to calibrate FP8, "):
        export(ExportOptions(str(checkpoint_folder), tmp_path, precision=Precision.FP8))


def changed(file: Path, change: Callable[[Weights], Weights]) -> None:
    with safe_open(file, framework="pt") as opened:
        weights = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118
        metadata = opened.metadata()
    save_file(change(weights), file, metadata=metadata)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (
            "model",
            lambda weights: {key: weights[key] for key in weights if key != BIAS},
            r"has no weight transformer_blocks\.0\.attn1\.to_q\.bias",
        ),
        (
            "model",
            lambda weights: weights | {BIAS: torch.ones(3)},
            r"to_q\.bias has shape \(3,\), expected \(128,\)",
        ),
        (
            "model",
            lambda weights: weights | {"vae.decoder.more": torch.ones(3)},
            r"has 1 weights that the vae_decoder graph does not use, such as decoder\.more",
        ),
        (
            "fp16",
            lambda weights: weights | {"encoder.more": torch.ones(3)},
            r"has 1 weights that the text_encoder graph does not use, such as encoder\.more",
        ),
    ],
)
def test_files_that_do_not_fit_are_refused_before_they_are_downloaded(
    name: str,
    change: Callable[[Weights], Weights],
    message: str,
    text_files: Path,
    checkpoint_folder: Path,
    tmp_path: Path,
) -> None:
    folder = shutil.copytree(text_files, tmp_path / "hub")
    write_random_single_file(folder / "model.safetensors")
    changed(folder / f"{name}.safetensors", change)
    with local_hub(folder) as hub:
        with pytest.raises(ExportError, match=message):
            export(asked(hub, tmp_path, checkpoint_folder, checkpoint_version="0.9.8-distilled"))
        assert hub.fetched == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "model does not say its version"),
        ({"checkpoint_version": "0.9.5"}, r"is not 0\.9\.5, which takes 40 steps"),
        (
            {"checkpoint_version": "0.9.8-distilled", "num_inference_steps": 9},
            "--num-inference-steps 9 has no schedule",
        ),
    ],
)
def test_what_cannot_be_sampled_is_refused_before_it_is_downloaded(
    options: dict[str, Any],
    message: str,
    text_files: Path,
    checkpoint_folder: Path,
    tmp_path: Path,
) -> None:
    folder = shutil.copytree(text_files, tmp_path / "hub")
    write_random_single_file(folder / "model.safetensors")
    with local_hub(folder) as hub:
        with pytest.raises(ExportError, match=message):
            export(asked(hub, tmp_path, checkpoint_folder, **options))
        assert hub.fetched == []


def asked(hub: Hub, folder: Path, tokenizer: Path, **options: Any) -> ExportOptions:
    model, text = (f"{hub.MODEL}/{name}.safetensors" for name in ("model", "fp16"))
    cache = folder / "cache"
    return ExportOptions(model, folder / "out", cache, text, str(tokenizer), **options)


def test_leftovers_of_a_killed_export_do_not_count(
    checkpoint_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leftovers = tmp_path / "transformer" / ".export"
    leftovers.mkdir(parents=True)
    left: list[bool] = []

    def measure(*_: object) -> None:
        left.append(leftovers.exists())
        raise ExportError("measured")

    monkeypatch.setattr("export.preflight.require_room", measure)
    with pytest.raises(ExportError, match="measured"):
        export(ExportOptions(str(checkpoint_folder), tmp_path))
    assert left == [False]
