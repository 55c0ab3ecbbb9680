import json
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest
import torch

COMMAND = [sys.executable, "-m", "benchmarks.gpu"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_dry_run_runs_all_steps(tmp_path: Path) -> None:
    output = tmp_path / "gpu-tiny-fp32.json"
    options = ["--dry-run", "--rounds", "2", "--folder", str(tmp_path), "--results", str(tmp_path)]
    finished = subprocess.run([*COMMAND, *options], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr[-2000:]
    result = json.loads(output.read_text())
    assert result["case"]["device"] == "cpu"
    components = {"text_encoder", "transformer", "vae_decoder"}
    for what in components:
        assert {"engine", "eager", "compiled"} == set(result["seconds"][what])
        assert result["errors"][what]["engine"] < 1e-3
        assert result["floor_seconds"][what] > 0
    request = result["seconds"]["request"]
    assert {"engine", "triton", "eager", "compiled", "eager_beside_triton"} == set(request)
    assert {len(samples) for samples in request.values()} == {2}
    assert median(request["engine"]) > result["floor_seconds"]["request"]
    assert min(result["errors"]["request_psnr_db"].values()) > 48  # within 1 of 255
    assert list(tmp_path.iterdir()) == [output]
    assert "| request |" in finished.stdout


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_is_an_error() -> None:
    finished = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    assert finished.returncode == 1
    assert finished.stderr.strip().endswith(
        "error: torch finds no GPU; --dry-run runs the same steps on a CPU"
    )
