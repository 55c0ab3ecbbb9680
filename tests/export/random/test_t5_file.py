import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from export.random.t5_file import Kind, write_random_t5_file

QUERY = "encoder.block.0.layer.0.SelfAttention.q"


@pytest.mark.parametrize(
    ("kind", "matrices", "others"),
    [
        ("fp32", torch.float32, torch.float32),
        ("fp16", torch.float16, torch.float16),
        ("fp8", torch.float8_e4m3fn, torch.float8_e4m3fn),
        ("fp8_scaled", torch.float8_e4m3fn, torch.float16),
    ],
)
def test_types_are_those_of_published_files(
    kind: Kind, matrices: torch.dtype, others: torch.dtype, tmp_path: Path
) -> None:
    file = tmp_path / "new" / "t5.safetensors"
    write_random_t5_file(file, kind)
    stored = load_file(file)
    assert stored[f"{QUERY}.weight"].dtype is matrices
    assert stored["encoder.final_layer_norm.weight"].dtype is others
    assert torch.equal(
        stored["shared.weight"].float(), stored["encoder.embed_tokens.weight"].float()
    )
    assert all(torch.isfinite(tensor.float()).all() for tensor in stored.values())
    scales = {name for name in stored if name.endswith(".scale_weight")}
    assert len(scales) == (2 * 7 if kind == "fp8_scaled" else 0)
    assert ("scaled_fp8" in stored) == bool(scales)


def test_queries_are_small_as_attention_is_not_scaled(tmp_path: Path) -> None:
    write_random_t5_file(tmp_path / "t5", "fp32")
    stored = load_file(tmp_path / "t5")
    query, key = (stored[QUERY.removesuffix("q") + f"{name}.weight"].std() for name in "qk")
    assert key / query == pytest.approx(16**0.5, rel=0.1)


@pytest.mark.slow
def test_the_command_writes_one(tmp_path: Path) -> None:
    file = tmp_path / "t5.safetensors"
    command = [sys.executable, "-m", "export.random.t5_file", str(file), "--kind", "fp8"]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    assert finished.stdout == f"Random text encoder written to {file}\n"
    assert {tensor.dtype for tensor in load_file(file).values()} == {torch.float8_e4m3fn}
