import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.gpu.__main__ import main, parse

COMMAND = [sys.executable, "-m", "benchmarks.gpu"]
COMPONENTS = ("text_encoder", "transformer", "vae_decoder")
STARTED_WITHIN = 120  # seconds


def run(*options: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [*COMMAND, *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def kill_after(part: str, state: Path, *options: str | Path) -> dict[str, Any]:
    """Run until a part is finished; return the parts that are."""
    process = subprocess.Popen([*COMMAND, *map(str, options)], stdout=subprocess.DEVNULL)
    end = time.monotonic() + STARTED_WITHIN
    parts: dict[str, Any] = {}
    while part not in parts and time.monotonic() < end and process.poll() is None:
        time.sleep(0.1)
        parts = json.loads(state.read_text())["parts"] if state.is_file() else {}
    process.kill()
    process.wait()
    assert part in parts
    return parts


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_killed_dry_run_goes_on_and_runs_all_stages(tmp_path: Path) -> None:
    folder, results = tmp_path / "folder", tmp_path / "results"
    options = ("--dry-run", "--rounds", "2", "--folder", folder, "--results", results)
    before = kill_after("reference", folder / "tiny-fp32" / "state.json", *options)

    finished = run(*options)
    assert finished.returncode == 0, finished.stderr[-2000:]
    result = json.loads((results / "gpu-tiny-fp32.json").read_text())
    parts = result["parts"]
    assert "checkpoint: finished already\nreference: finished already\n" in finished.stdout
    assert {name: parts[name] for name in before} == before
    assert result["skipped"] == {}

    assert result["case"]["device"] == "cpu"
    assert parts["parity"]["passed"]
    assert set(parts["parity"]["errors"]) == {"PyTorch in FP32", "ONNX Runtime"}
    floors, seconds = parts["pytorch"]["floor_seconds"], parts["engines"]["seconds"]
    for what in (*COMPONENTS, "request"):
        assert {"engine", "eager", "compiled"} == set(seconds[what])
        assert floors[what] > 0
    assert parts["triton"]["server"]["backends"]["transformer"] == "python"
    assert set(parts["triton"]["seconds"]["request"]) == {"triton", "engine"}
    for part in ("pytorch", "triton"):
        assert parts[part]["request_psnr_db"] > 48  # within 1 of 255
    assert "| request |" in finished.stdout
    assert list(folder.rglob("*.safetensors")) == []
    assert list(folder.rglob("model.onnx*")) == []


@pytest.mark.parametrize(
    ("budget", "sentence"),
    [
        (("--disk-gb", "0.001"), r"checkpoint: skipped: takes about 0.1 GB of disk and 0.0 GB are"),
        (("--memory-gb", "1"), r"checkpoint: skipped: takes about 3.0 GB of memory and 1.0 GB are"),
        (("--minutes", "0.1"), r"stopped: checkpoint takes about 0.3 minutes and 0.1 are left"),
    ],
)
def test_too_small_a_budget_is_said_before_anything_is_made(
    tmp_path: Path,
    budget: tuple[str, str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("MODEL_DEVICE", "CPU_PRECISION", "TORCHINDUCTOR_CACHE_DIR"):
        monkeypatch.setenv(name, "")  # set for the workers, and restored afterwards
    assert main(["--dry-run", "--folder", str(tmp_path), *budget]) == 0
    output = capsys.readouterr().out
    assert sentence in output
    assert "not run: checkpoint: takes about" in output
    assert list(tmp_path.rglob("*.safetensors")) == []


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_is_an_error() -> None:
    finished = run()
    assert finished.returncode == 1
    assert finished.stderr.strip().endswith(
        "error: torch finds no GPU; --dry-run runs the same stages on a CPU"
    )


def test_the_order_is_from_small_to_large() -> None:
    cases = parse([]).cases
    sizes = [(["tiny", "2b", "13b"].index(each.architecture), each.layers) for each in cases]
    assert sizes == sorted(sizes)
    assert [each.name for each in cases][:2] == ["tiny-bf16", "tiny-fp8"]


def test_a_given_triton_is_of_one_case(capsys: pytest.CaptureFixture[str]) -> None:
    address = ["--triton-address", "127.0.0.1:8001"]
    assert parse(["--cases", "2b-bf16", *address]).stages == ["triton", "report"]
    with pytest.raises(SystemExit):
        parse(address)
    assert "--triton-address needs one of --cases" in capsys.readouterr().err
