import shutil
from pathlib import Path

import pytest

from export.checkpoint.weights import weight_files
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
