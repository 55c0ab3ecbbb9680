import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from export.checkpoint.folder import FolderCheckpoint
from export.checkpoint.open import open_checkpoint
from export.errors import ExportError


@pytest.fixture
def copy(checkpoint_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(checkpoint_folder, tmp_path / "copy"))


def change(file: Path, **entries: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | entries))


def test_a_folder_without_model_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"has no model_index\.json: expected a checkpoint in"):
        open_checkpoint(str(tmp_path), None)


@pytest.mark.parametrize("component", ["vae", "transformer", "text_encoder", "scheduler"])
def test_a_missing_component_is_named(component: str, copy: Path) -> None:
    shutil.rmtree(copy / component)
    with pytest.raises(ExportError, match=f"is incomplete: {component}/.*json is missing"):
        open_checkpoint(str(copy), None)


def test_a_tokenizer_without_vocabulary_is_refused(copy: Path) -> None:
    (copy / "tokenizer" / "tokenizer.json").unlink()
    with pytest.raises(ExportError, match=r"neither tokenizer\.json nor spiece\.model"):
        open_checkpoint(str(copy), None)


def test_another_architecture_is_refused(copy: Path) -> None:
    change(copy / "model_index.json", transformer=["diffusers", "WanTransformer3DModel"])
    expected = "transformer is WanTransformer3DModel, expected LTXVideoTransformer3DModel"
    with pytest.raises(ExportError, match=expected):
        open_checkpoint(str(copy), None)


@pytest.mark.parametrize(
    ("component", "entries", "message"),
    [
        (
            "vae",
            {"timestep_conditioning": False},
            r"conditioning is not true, .*: take 0\.9\.5",
        ),
        (
            "vae",
            {"decoder_inject_noise": [True, False]},
            r"noise has a true entry, .*: take 0\.9\.5",
        ),
        ("vae", {"latent_channels": 16}, "in_channels is not 16"),
        ("transformer", {"patch_size": 2}, "patch_size is 2, expected 1"),
        ("transformer", {"caption_channels": 32}, "caption_channels is not 64"),
    ],
)
def test_configs_that_do_not_fit_are_refused(
    component: str, entries: dict[str, Any], message: str, copy: Path
) -> None:
    change(copy / component / "config.json", **entries)
    with pytest.raises(ExportError, match=message):
        open_checkpoint(str(copy), None)


def test_hash_depends_on_the_weights_and_not_on_the_place(
    checkpoint: FolderCheckpoint, copy: Path
) -> None:
    assert FolderCheckpoint(copy).sha256() == checkpoint.sha256()
    file = copy / "transformer" / "diffusion_pytorch_model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    assert FolderCheckpoint(copy).sha256() != checkpoint.sha256()


def test_a_config_that_is_not_json_is_named(copy: Path) -> None:
    (copy / "vae" / "config.json").write_text("{")

    with pytest.raises(ExportError, match=r"vae/config\.json is not valid JSON"):
        open_checkpoint(str(copy), None)
