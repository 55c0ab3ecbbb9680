import json
import shutil
from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import save_file

from export.checkpoint.header import read_header
from export.checkpoint.weights import STORED_TYPES, Source, read_weight, weight_files
from export.errors import ExportError


def test_a_missing_shard_is_named(bf16_checkpoint_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "transformer"
    shutil.copytree(bf16_checkpoint_folder / "transformer", folder)
    shard = sorted(folder.glob("*.safetensors"))[1]
    shard.unlink()
    with pytest.raises(ExportError, match=shard.name):
        weight_files(folder)


def test_a_folder_without_safetensors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="holds 0 safetensors files"):
        weight_files(tmp_path)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(ExportError, match=r"model\.safetensors is damaged \(.*\): fetch it again"):
        weight_files(tmp_path)


@pytest.mark.parametrize("dtype", STORED_TYPES.values(), ids=str)
def test_weights_of_every_type_are_read(dtype: torch.dtype, tmp_path: Path) -> None:
    weights = {
        "before": torch.ones(3, dtype=dtype),
        "weight": torch.randn(4, 5).to(dtype),
        "scalar": torch.tensor(2.0).to(dtype),
        "empty": torch.empty(0).to(dtype),
    }
    save_file(weights, tmp_path / "model.safetensors")

    for key, expected in weights.items():
        read = read_weight(Source(tmp_path / "model.safetensors", key), torch.float32)
        assert torch.equal(read, expected.float())


def test_another_type_is_named(tmp_path: Path) -> None:
    save_file({"weight": torch.ones(2, dtype=torch.int8)}, tmp_path / "model.safetensors")

    with pytest.raises(ExportError, match=r"weight is stored as I8; allowed: F64, F32"):
        read_weight(Source(tmp_path / "model.safetensors", "weight"), torch.float32)


def test_a_file_may_be_larger_than_the_memory(tmp_path: Path) -> None:
    """The system refuses to map as much for writing."""
    large, file = 2 * psutil.virtual_memory().total, tmp_path / "model.safetensors"
    header = {
        "large": {"dtype": "F8_E4M3", "shape": [large], "data_offsets": [0, large]},
        "small": {"dtype": "F32", "shape": [2], "data_offsets": [large, large + 8]},
    }
    text = json.dumps(header).encode()
    with file.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        stream.seek(large, 1)  # a hole, which takes no room on the disk
        stream.write(torch.tensor([1.0, 2.0]).numpy().tobytes())

    assert read_header(file).tensors["large"].shape == (large,)
    assert read_weight(Source(file, "small"), torch.float32).tolist() == [1, 2]
