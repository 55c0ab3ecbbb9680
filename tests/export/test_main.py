import subprocess
import sys
from pathlib import Path

import pytest
from cuda.bindings import runtime

from export.__main__ import main, parse
from export.checkpoint.open import Sources

GPU_HERE = runtime.cudaGetDeviceCount()[0] == runtime.cudaError_t.cudaSuccess


def test_defaults_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MODEL_NAME", "some/model")
    monkeypatch.setenv("MODEL_CACHE_DIR", str(tmp_path))
    options, plans = parse([])
    assert plans is None
    assert (options.model, options.cache_dir) == ("some/model", tmp_path)
    assert options.output.name == "model_repository"
    sources = Sources("some/model", cache_dir=tmp_path)
    assert (options.sources, options.checkpoint_version) == (sources, None)


def test_text_encoder_and_tokenizer_may_come_from_elsewhere() -> None:
    options, _ = parse(["--model", "a.safetensors", "--text-encoder", "t5", "--tokenizer", "b/c"])
    assert (options.sources.text_encoder, options.sources.tokenizer) == ("t5", "b/c")


@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_a_device_is_no_text_encoder(device: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--text-encoder", device])
    assert f"--text-encoder {device}: that is --text-encoder-device" in capsys.readouterr().err


def test_the_version_is_one_that_can_be_sampled(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(["--version", "0.9.6-distilled"])[0].checkpoint_version == "0.9.6-distilled"
    with pytest.raises(SystemExit):
        parse(["--version", "0.9.8-dev"])
    assert "0.9.8-distilled" in capsys.readouterr().err


def test_the_text_encoders_device_needs_plans(capsys: pytest.CaptureFixture[str]) -> None:
    _, plans = parse(["--target", "tensorrt", "--text-encoder-device", "cpu"])
    assert plans is not None
    assert plans.text_encoder_device == "cpu"
    with pytest.raises(SystemExit):
        parse(["--text-encoder-device", "cpu"])
    assert "--text-encoder-device needs --target tensorrt" in capsys.readouterr().err


def test_options_of_the_environment_come_before_those_of_the_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EXPORT_OPTIONS", "--name 'one $(two)' --num-inference-steps 4")
    options, _ = parse(["--num-inference-steps", "6"])
    assert (options.name, options.num_inference_steps) == ("one $(two)", 6)


def test_options_of_the_environment_are_checked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EXPORT_OPTIONS", "--name 'open")
    with pytest.raises(SystemExit):
        parse([])
    assert "EXPORT_OPTIONS=--name 'open: No closing quotation" in capsys.readouterr().err


def test_the_environment_skips_the_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse([])[0].verification
    monkeypatch.setenv("SKIP_VERIFICATION", "0")
    assert parse([])[0].verification
    monkeypatch.setenv("SKIP_VERIFICATION", "1")
    assert not parse([])[0].verification


@pytest.mark.slow
def test_errors_are_one_line_and_exit_code_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "export", "--model", str(tmp_path), "--output", str(tmp_path)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 1
    assert finished.stderr == (
        f"error: {tmp_path} has no model_index.json: expected a checkpoint in diffusers' folder "
        "format\n"
    )


def test_an_engine_that_differs_exits_with_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from export.errors import ExportError

    def differ(_: object) -> None:
        raise ExportError("transformer differs from PyTorch")

    monkeypatch.setattr("export.__main__.export", differ)
    assert main([]) == 1
    assert capsys.readouterr().err == "error: transformer differs from PyTorch\n"


@pytest.mark.parametrize("option", ["--decode-timestep", "--decode-noise-scale"])
def test_fractions_are_checked(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([option, "1.5"])
    assert stopped.value.code == 2
    assert "1.5 is not between 0 and 1" in capsys.readouterr().err


def test_tensorrt_keeps_its_onnx_engines_beside_the_code() -> None:
    options, plans = parse(["--target", "tensorrt", "--sizes", "long,preview"])
    assert plans is not None
    assert options.precision == "bf16"
    assert (plans.source.parent.name, plans.source.name) == ("engines", "bf16")
    assert (plans.output, plans.sizes) == (options.output, ("long", "preview"))


def test_onnx_is_fp32_or_int8_unless_told_otherwise() -> None:
    default, told = parse([])[0], parse(["--precision", "fp32"])[0]
    assert (default.precision, default.precision_if_large) == ("fp32", "int8")
    assert (told.precision, told.precision_if_large) == ("fp32", None)
    assert parse(["--target", "tensorrt"])[0].precision_if_large is None


def test_int8_is_not_for_plans(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--target", "tensorrt", "--precision", "int8"])
    assert (
        "--precision int8 is for CPUs, --target onnx; allowed for tensorrt: fp32, fp16, bf16, fp8"
        in capsys.readouterr().err
    )


def test_an_unknown_precision_is_answered_with_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        parse(["--precision", "bf17"])
    error = capsys.readouterr().err
    assert all(name in error for name in ("bf17", "fp32", "fp16", "bf16", "fp8"))


def test_options_of_plans_need_tensorrt(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--sizes", "long"])
    assert "--sizes needs --target tensorrt" in capsys.readouterr().err


def test_a_size_that_there_is_not_is_refused_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--target", "tensorrt", "--model", "unread", "--sizes", "default,huge"]) == 1
    assert capsys.readouterr().err == (
        "error: --sizes huge: no such size; allowed: preview, default, long, maximum\n"
    )


@pytest.mark.slow
@pytest.mark.skipif(GPU_HERE, reason="shows what is said where there is no GPU")
def test_without_a_gpu_nothing_is_exported_for_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "export", "--target", "tensorrt", "--model", "unread"]
    command += ["--output", str(tmp_path / "repository"), "--onnx-folder", str(tmp_path / "onnx")]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 1
    assert finished.stderr.startswith("error: no GPU was found: ")
    assert list(tmp_path.iterdir()) == []


def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    for option in (
        "model",
        "text-encoder",
        "version",
        "output",
        "precision",
        "num-inference-steps",
    ):
        assert f"--{option}" in text
