import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from export.checkpoint.header import read_header
from export.random.checkpoint import write_random_checkpoint
from export.random.single_file import keys, random_modules, write_random_single_file


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_values_are_those_of_a_folder(dtype: torch.dtype, tmp_path: Path) -> None:
    file, folder = tmp_path / "new" / "model.safetensors", tmp_path / "folder"
    write_random_single_file(file, 7, dtype=dtype)
    write_random_checkpoint(folder, 7, dtype=dtype)
    found = load_file(file)
    for part, module in random_modules().items():
        expected = load_file(folder / part / "diffusion_pytorch_model.safetensors")
        assert all(torch.equal(found[key], expected[name]) for name, key in keys(module, part))
    assert {tensor.dtype for tensor in found.values()} == {dtype}
    assert sum(key.startswith("vae.per_channel_statistics.") for key in found) == 5


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("first", 7), ("second", 7), ("other", 8)):
        write_random_single_file(tmp_path / name, seed)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    assert (tmp_path / "first").read_bytes() != (tmp_path / "other").read_bytes()


@pytest.mark.slow
def test_the_command_writes_one(tmp_path: Path) -> None:
    file = tmp_path / "ltxv-2b-0.9.5.safetensors"
    command = [sys.executable, "-m", "export.random.single_file", str(file), "--version", "0.9.5"]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    assert finished.stdout == f"Random checkpoint written to {file}\n"
    assert "allowed_inference_steps" not in read_header(file).metadata["config"]
