import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from diffusers import LTXConditionPipeline
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from export.checkpoint.folder import FolderCheckpoint
from export.engines import with_precision
from export.errors import ExportError
from export.graphs.engine import Engine
from export.options import ExportOptions
from export.precision import Precision
from export.random.single_file import (
    keys,
    metadata_config,
    random_modules,
    write_random_single_file,
)
from export.run import export
from export.verification.verify import difference
from ltx_triton.contract import ENGINES, TEXT_ENCODER, TRANSFORMER, VAE_DECODER, ModelContract
from ltx_triton.engines.cpu_engine import CpuEngineInfo
from ltx_triton.engines.cpu_runtime import runtime_of
from ltx_triton.engines.memory_use import CpuMemory, MemoryAt
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import DATA_FILE, ENGINE_FILE, version_folder
from tests.export.engines import model_file


def test_repository_holds_engines_tokenizer_and_settings(repository: Path) -> None:
    files = {
        str(file.relative_to(repository))
        for file in repository.rglob("*")
        if file.suffix in (".onnx", ".data", ".json", ".plan")
    }
    engines = {f"{c.name}/1/{file}" for c in ENGINES for file in ("model.onnx", "model.onnx.data")}
    assert files == engines | {"ltx_video/1/pipeline.json", "ltx_video/1/tokenizer.json"}


def test_settings_describe_the_checkpoint(
    config: PipelineConfig, checkpoint: FolderCheckpoint
) -> None:
    assert config.model_name == "hub/tiny"
    assert config.checkpoint_sha256 == checkpoint.sha256()
    assert config.precision == "fp32"
    assert (config.latent_channels, config.caption_channels) == (128, 64)
    assert (config.spatial_compression, config.temporal_compression) == (32, 8)
    assert (config.text_length, config.text_buckets) == (256, (32, 64, 128, 256))
    assert (config.num_inference_steps, len(config.sigmas[8])) == (8, 9)
    assert (config.decode_timestep, config.decode_noise_scale) == (0.05, 0.025)


def test_engines_together_give_the_pixels_of_the_reference_pipeline(
    repository: Path, checkpoint: FolderCheckpoint, config: PipelineConfig
) -> None:
    prompt, steps, frame_rate = "The red fish swims slowly", 4, 12.0
    pipeline = LTXConditionPipeline.from_pretrained(checkpoint.folder)
    pipeline.set_progress_bar_config(disable=True)
    expected = pipeline(
        prompt=prompt,
        height=64,
        width=96,
        num_frames=17,
        frame_rate=frame_rate,
        num_inference_steps=steps,
        guidance_scale=1.0,
        decode_timestep=config.decode_timestep,
        decode_noise_scale=config.decode_noise_scale,
        generator=torch.Generator().manual_seed(5),
        output_type="np",
    ).frames[0]

    # The pipeline draws the initial latents, then the decoder's noise.
    generator = torch.Generator().manual_seed(5)
    latents, noise = (
        torch.randn(1, 128, 3, 2, 3, generator=generator).permute(0, 2, 3, 4, 1).numpy()
        for _ in range(2)
    )
    sessions = {c.name: onnxruntime.InferenceSession(model_file(repository, c)) for c in ENGINES}
    tokenizer = Tokenizer.from_file(str(repository / "ltx_video" / "1" / "tokenizer.json"))
    text = {"input_ids": np.array([tokenizer.encode(prompt).ids], np.int32)}
    text["attention_mask"] = np.ones_like(text["input_ids"])
    (embeds,) = sessions[TEXT_ENCODER.name].run(None, text)
    for sigma, following in zip(config.sigmas[steps], config.sigmas[steps][1:], strict=False):
        inputs = {
            "latents": latents,
            "prompt_embeds": embeds,
            "attention_mask": text["attention_mask"],
            "frame_rate": np.array([[frame_rate]], np.float32),
            "sigma": np.array([[sigma]], np.float32),
            "sigma_next": np.array([[following]], np.float32),
        }
        (latents,) = sessions[TRANSFORMER.name].run(None, inputs)
    (frames,) = sessions[VAE_DECODER.name].run(None, {"latents": latents, "noise": noise})
    assert difference(frames[0], (expected * 255).round()).absolute <= 1


@pytest.mark.slow
def test_an_interrupted_export_leaves_no_settings(
    checkpoint_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("export.run.verify", interrupt)
    with pytest.raises(KeyboardInterrupt):
        export(ExportOptions(model=str(checkpoint_folder), output=tmp_path))
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_what_engines_take_is_kept_beside_them(
    checkpoint_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = CpuMemory(resting_bytes=7, area=1, sizes=(MemoryAt(1, 2, 3, 4),))
    for long_step in ("write_engine", "verify"):
        monkeypatch.setattr(f"export.run.{long_step}", lambda *_: None)
    monkeypatch.setattr("export.run.measure_memory", lambda *_: measured)
    beside_plans = version_folder(tmp_path, TEXT_ENCODER) / CpuEngineInfo.FILE
    beside_plans.parent.mkdir(parents=True)
    beside_plans.touch()

    export(ExportOptions(model=str(checkpoint_folder), output=tmp_path))

    assert not beside_plans.exists(), "this engine is no longer beside plans"

    for contract in ENGINES:
        assert CpuMemory.load(version_folder(tmp_path, contract)) == measured


def test_what_was_measured_in_another_runtime_is_exported_again(
    checkpoint_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def write(_: Engine, __: FolderCheckpoint, folder: Path) -> None:
        (folder / ENGINE_FILE).touch()

    def measure(contract: ModelContract, *_: object) -> CpuMemory:
        sizes = (MemoryAt(1, 2, 3, 4),)
        runtime = runtime_of(contract.name)
        return CpuMemory(runtime=runtime, resting_bytes=7, area=1, sizes=sizes)

    monkeypatch.setattr("export.run.write_engine", write)
    monkeypatch.setattr("export.run.verify", lambda *_: None)
    monkeypatch.setattr("export.run.measure_memory", measure)

    for runtime, is_current in (("", False), ("", True), ("onnxruntime", False)):
        monkeypatch.setenv("CPU_RUNTIME", runtime)
        export(ExportOptions(model=str(checkpoint_folder), output=tmp_path))
        assert ("is current" in capsys.readouterr().out) is is_current


def tell_process(*_: object) -> None:
    raise ExportError(f"calibrated by {os.getpid()}")


def test_calibration_gives_its_memory_back(
    checkpoint_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("export.run.load_or_calibrate", tell_process)
    with pytest.raises(ExportError, match=r"^calibrated by ") as stopped:
        export(ExportOptions(str(checkpoint_folder), tmp_path, precision=Precision.FP8))
    assert str(stopped.value) != f"calibrated by {os.getpid()}"


@pytest.mark.parametrize(("large", "chosen"), [(1e9, "fp32"), (1e5, "int8")])
def test_a_large_checkpoint_is_int8_where_the_precision_is_left_open(
    checkpoint: FolderCheckpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    large: float,
    chosen: str,
) -> None:
    monkeypatch.setattr("export.engines.LARGE", large)
    told = ExportOptions(checkpoint.name, tmp_path)
    left_open = replace(told, precision_if_large=Precision.INT8)
    assert with_precision(left_open, checkpoint).precision == chosen
    assert with_precision(told, checkpoint).precision == "fp32"


def test_int8_engines_are_measured(
    checkpoint_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = CpuMemory(resting_bytes=7, area=1, sizes=(MemoryAt(1, 2, 3, 4),))
    for long_step in ("write_engine", "verify", "verify_int8"):
        monkeypatch.setattr(f"export.run.{long_step}", lambda *_: None)
    monkeypatch.setattr("export.run.measure_memory", lambda *_: measured)
    export(ExportOptions(str(checkpoint_folder), tmp_path, precision=Precision.INT8))
    for contract in ENGINES:
        assert CpuMemory.load(version_folder(tmp_path, contract)) == measured


def test_a_number_of_steps_without_schedule_is_refused(
    checkpoint_folder: Path, tmp_path: Path
) -> None:
    options = ExportOptions(model=str(checkpoint_folder), output=tmp_path, num_inference_steps=51)
    with pytest.raises(
        ExportError, match="--num-inference-steps 51 has no schedule; expected one of 1, 2"
    ):
        export(options)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fp16", "fp8_scaled"])
def test_a_single_file_is_exported_with_its_verification(
    kind: str,
    text_files: Path,
    checkpoint_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "ltxv-2b-0.9.6-dev.safetensors"
    config = metadata_config(random_modules({"num_layers": 1}), "0.9.6-dev")
    write_random_single_file(file, transformer={"num_layers": 1}, config=config)
    options = ExportOptions(
        str(file),
        tmp_path / "repository",
        text_encoder=str(text_files / f"{kind}.safetensors"),
        tokenizer=str(checkpoint_folder),
        for_cpu=False,
    )

    export(options)

    said = capsys.readouterr().out
    assert said.count("verifying against PyTorch: ") == len(ENGINES)
    assert said.count("plain guidance") == 1
    export(options)
    assert "is current" in capsys.readouterr().out


@pytest.mark.slow
def test_a_folder_and_files_of_the_same_values_give_the_same_engines(
    repository: Path, checkpoint: FolderCheckpoint, text_files: Path, tmp_path: Path
) -> None:
    file, text = tmp_path / "ltxv-2b-0.9.8-distilled.safetensors", tmp_path / "t5.safetensors"
    write_random_single_file(file, transformer={"num_layers": 2})
    values: dict[str, torch.Tensor] = {}
    for component in ("transformer", "vae"):
        stored = load_file(checkpoint.folder / component / "diffusion_pytorch_model.safetensors")
        named = dict(keys(random_modules({"num_layers": 2})[component], component))
        values |= {named[name]: weight for name, weight in stored.items()}
    with safe_open(file, framework="pt") as opened:
        metadata = opened.metadata()
    save_file(values, file, metadata=metadata)
    shutil.copy(checkpoint.folder / "text_encoder" / "model.safetensors", text)
    options = ExportOptions(
        str(file),
        tmp_path / "repository",
        text_encoder=str(text),
        tokenizer=str(checkpoint.folder),
        verification=False,
    )

    export(options)

    for contract in ENGINES:
        expected, found = model_file(repository, contract), model_file(options.output, contract)
        for name in (ENGINE_FILE, DATA_FILE):
            assert found.with_name(name).read_bytes() == expected.with_name(name).read_bytes()
