import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from export.checkpoint.folder import FolderCheckpoint
from export.checkpoint.open import download_bytes, open_checkpoint
from export.errors import ExportError
from tests.export.hub import local_hub


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
        ("vae", {"timestep_conditioning": False}, "timestep_conditioning is not true"),
        ("vae", {"decoder_inject_noise": [True, False]}, "decoder_inject_noise has a true entry"),
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


def test_an_unreachable_hub_is_reported_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def unreachable(*_: object, **__: object) -> str:
        raise OSError("no\nroute")

    monkeypatch.setattr("export.checkpoint.open.snapshot_download", unreachable)
    with pytest.raises(ExportError, match=r"could not be downloaded .*: no route$"):
        open_checkpoint("Lightricks/LTX-Video-0.9.7-distilled", tmp_path)


def test_only_needed_files_are_downloaded_to_the_cache(
    checkpoint_folder: Path, tmp_path: Path
) -> None:
    full = Path(shutil.copytree(checkpoint_folder, tmp_path / "full"))
    (full / "README.md").write_text("about")
    (full / "single-file.safetensors").write_bytes(bytes(10**6))
    with local_hub(full) as hub:
        cache = tmp_path / "cache"
        needed = hub.size("model_index.json") + hub.size("*/*")

        assert download_bytes(hub.MODEL, cache) == needed
        assert hub.fetched == []

        settings = open_checkpoint(hub.MODEL, cache, weights=False)
        assert settings.config("vae") == FolderCheckpoint(full).config("vae")
        assert download_bytes(hub.MODEL, cache) == hub.size("*/*.safetensors") > needed / 2

        opened = open_checkpoint(hub.MODEL, cache)
        assert isinstance(opened, FolderCheckpoint)
        assert opened.folder.is_relative_to(cache)
        assert opened.sha256() == FolderCheckpoint(checkpoint_folder).sha256()
        assert download_bytes(hub.MODEL, cache) == 0
        assert {"README.md", "single-file.safetensors"}.isdisjoint(hub.fetched)

        hub.shutdown()
        hub.server_close()
        assert download_bytes(hub.MODEL, cache) == 0
        assert open_checkpoint(hub.MODEL, cache) == opened


def test_a_folder_is_not_downloaded(checkpoint_folder: Path) -> None:
    assert download_bytes(str(checkpoint_folder), None) == 0


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
