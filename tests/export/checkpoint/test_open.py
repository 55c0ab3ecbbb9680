import json
import shutil
from pathlib import Path

import pytest

from export.checkpoint.folder import FolderCheckpoint
from export.checkpoint.open import TEXT_ENCODER, TOKENIZER, Sources
from export.errors import ExportError
from export.random.single_file import write_random_single_file
from export.random.t5_file import write_random_t5_file
from tests.export.hub import Hub, local_hub


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model and a text encoder as single files."""
    folder = tmp_path_factory.mktemp("files")
    write_random_single_file(folder / "model.safetensors")
    write_random_t5_file(folder / "text" / "t5.safetensors", "fp16")
    return folder


@pytest.mark.parametrize("name", ["", "/model.safetensors"])
def test_a_broken_connection_is_reported_in_one_line(
    name: str, files: Path, tmp_path: Path
) -> None:
    with local_hub(files) as hub:
        hub.dropped = ("HEAD", "GET")
        sources = Sources(hub.MODEL + name, cache_dir=tmp_path)
        assert sources.missing_bytes() == {}
        with pytest.raises(ExportError, match=rf"^{hub.MODEL}{name} is no local .*downloaded .*"):
            sources.open()


def test_a_connection_that_breaks_before_the_header_is_reported_in_one_line(
    files: Path, checkpoint_folder: Path, tmp_path: Path
) -> None:
    with local_hub(files) as hub:
        hub.dropped = ("GET",)
        model = f"{hub.MODEL}/model.safetensors"
        sources = Sources(model, str(checkpoint_folder), cache_dir=tmp_path)
        assert sources.missing_bytes() == {model: hub.size("model.safetensors")}
        with pytest.raises(ExportError, match=rf"^{model} is no local .*: Server disconnected"):
            sources.open(weights=False)


def test_only_needed_files_are_downloaded_to_the_cache(
    checkpoint_folder: Path, tmp_path: Path
) -> None:
    full = Path(shutil.copytree(checkpoint_folder, tmp_path / "full"))
    (full / "README.md").write_text("about")
    (full / "single-file.safetensors").write_bytes(bytes(10**6))
    with local_hub(full) as hub:
        sources = Sources(hub.MODEL, cache_dir=tmp_path / "cache")
        needed = hub.size("model_index.json") + hub.size("*/*")

        assert sources.missing_bytes() == {hub.MODEL: needed}
        assert hub.fetched == []

        settings = sources.open(weights=False)
        assert settings.config("vae") == FolderCheckpoint(full).config("vae")
        missing = hub.size("*/*.safetensors")
        assert sources.missing_bytes() == {hub.MODEL: missing}
        assert missing > needed / 2

        opened = sources.open()
        assert isinstance(opened, FolderCheckpoint)
        assert opened.folder.is_relative_to(tmp_path / "cache")
        assert opened.sha256() == FolderCheckpoint(checkpoint_folder).sha256()
        assert sources.missing_bytes() == {}
        assert {"README.md", "single-file.safetensors"}.isdisjoint(hub.fetched)

        hub.shutdown()
        hub.server_close()
        assert sources.missing_bytes() == {}
        assert sources.open() == opened


def test_of_a_file_on_the_hub_only_the_header_is_read_before_it_is_downloaded(
    files: Path, checkpoint_folder: Path, tmp_path: Path
) -> None:
    with local_hub(files) as hub:
        model, text = f"{hub.MODEL}/model.safetensors", f"{hub.MODEL}/text/t5.safetensors"
        sources = Sources(model, text, str(checkpoint_folder), tmp_path)
        assert sources.missing_bytes() == {
            model: hub.size("model.safetensors"),
            text: hub.size("text/*"),
        }

        settings = sources.open(weights=False)
        assert hub.fetched == []
        assert {name for name, _ in hub.peeked} == {"model.safetensors", "text/t5.safetensors"}
        assert max(size for _, size in hub.peeked) < hub.size("text/*") / 10

        opened = sources.open()
        assert sorted(hub.fetched) == ["model.safetensors", "text/t5.safetensors"]
        assert sources.missing_bytes() == {}
        assert settings.name == opened.name == f"{hub.MODEL}/model"
        for component in ("transformer", "vae", "text_encoder"):
            assert settings.config(component) == opened.config(component)
            assert settings.place(component) == opened.place(component)
            assert opened.place(component).is_file()

        hub.shutdown()
        hub.server_close()
        assert sources.open().sha256() == opened.sha256()


def test_a_file_that_the_hub_does_not_have_is_reported(files: Path, tmp_path: Path) -> None:
    with local_hub(files) as hub:
        model = f"{hub.MODEL}/other.safetensors"
        with pytest.raises(ExportError, match=rf"^{model} is no local .*: 404 Client Error"):
            Sources(model, cache_dir=tmp_path).open()


def test_nothing_is_downloaded_of_a_folder(checkpoint_folder: Path) -> None:
    assert Sources(str(checkpoint_folder)).missing_bytes() == {}


def test_a_single_file_takes_text_encoder_and_tokenizer_from_the_hub(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("export.checkpoint.hub._missing_bytes", lambda _: 1)
    sources = Sources(str(files / "model.safetensors"))
    assert sources.missing_bytes() == {TEXT_ENCODER: 1, TOKENIZER: 1}


@pytest.mark.parametrize("kind", ["file", "folder", "hub"])
def test_another_text_encoder_replaces_a_folders_own(
    kind: str, files: Path, checkpoint_folder: Path, tmp_path: Path
) -> None:
    model = shutil.copytree(
        checkpoint_folder,
        tmp_path / "model",
        ignore=shutil.ignore_patterns("text_encoder"),
    )
    (model / "text_encoder_gguf").mkdir()
    with local_hub(checkpoint_folder) as hub:
        text = {
            "file": str(files / "text" / "t5.safetensors"),
            "folder": str(checkpoint_folder),
            "hub": hub.MODEL,
        }[kind]
        checkpoint = Sources(str(model), text, cache_dir=tmp_path / "cache").open()

        assert checkpoint.place("vae") == model / "vae"
        assert (checkpoint.tokenizer.parent == model) == (kind == "file")
        assert not any(name.startswith(("transformer", "vae")) for name in hub.fetched)
    stored = checkpoint.weights("text_encoder")
    assert stored.keys() >= FolderCheckpoint(checkpoint_folder).weights("text_encoder").keys()
    assert checkpoint.name == "model"
    assert len(checkpoint.files()) == len(set(checkpoint.files().values()))


def test_a_tokenizer_replaces_that_of_the_text_encoder(
    checkpoint_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(checkpoint_folder / "tokenizer", tmp_path / "tokenizer")
    checkpoint = Sources(str(checkpoint_folder), tokenizer=str(tmp_path)).open()
    assert checkpoint.tokenizer == tmp_path / "tokenizer"
    assert checkpoint.place("text_encoder").parent == checkpoint_folder


def test_the_hash_depends_on_each_source(
    files: Path, checkpoint_folder: Path, tmp_path: Path
) -> None:
    model, text = str(files / "model.safetensors"), str(files / "text" / "t5.safetensors")
    moved = shutil.copy(model, tmp_path / "moved.safetensors")
    other = tmp_path / "other.safetensors"
    write_random_t5_file(other, "fp16", seed=1)
    tokenizer = str(checkpoint_folder)
    expected = Sources(model, text, tokenizer).open().sha256()
    assert Sources(str(moved), text, tokenizer).open().sha256() == expected
    assert Sources(model, str(other), tokenizer).open().sha256() != expected


def test_components_that_do_not_go_together_are_refused(
    files: Path, checkpoint_folder: Path, tmp_path: Path
) -> None:
    text = tmp_path / "t5.safetensors"
    write_random_t5_file(text, "fp16", config={"d_model": 32})
    sources = Sources(str(files / "model.safetensors"), str(text), str(checkpoint_folder))
    with pytest.raises(ExportError, match=r"caption_channels is not 32, the width of .*t5\.safet"):
        sources.open()


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ({"model_type": "clip_text_model", "hidden_size": 64}, "clip_text_model"),
        ({"model_type": "gemma2"}, "gemma2"),
        ({"model_type": "bart", "d_model": 64}, "bart"),
    ],
)
def test_a_text_encoder_of_another_kind_is_refused(
    config: dict[str, object], kind: str, checkpoint_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "text_encoder").mkdir()
    (tmp_path / "text_encoder" / "config.json").write_text(json.dumps(config))
    with pytest.raises(ExportError, match=rf"text_encoder: model_type is {kind}, expected t5 "):
        Sources(str(checkpoint_folder), str(tmp_path)).open()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("some/ltxv-q4.gguf", "GGUF cannot be read: take a .safetensors file"),
        ("missing.safetensors", "is no file on this machine, nor owner/repo/file.safetensors"),
        ("/nowhere/missing.safetensors", "is no file on this machine, nor owner/repo/"),
    ],
)
def test_sources_that_cannot_be_read_are_refused(model: str, message: str) -> None:
    with pytest.raises(ExportError, match=message):
        Sources(model).open()


def test_files_of_other_kinds_are_refused(checkpoint_folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "model.ckpt"
    other.touch()
    with pytest.raises(ExportError, match=r"model\.ckpt is neither a folder nor a \.safetensors"):
        Sources(str(other)).open()
    with pytest.raises(ExportError, match=r"t5\.safetensors holds no tokenizer: take a folder or"):
        Sources(str(checkpoint_folder), tokenizer="owner/repo/t5.safetensors").open()


def test_a_text_encoder_in_gguf_is_refused(checkpoint_folder: Path) -> None:
    with pytest.raises(ExportError, match="GGUF cannot be read"):
        Sources(str(checkpoint_folder), "city96/t5-v1_1-xxl-encoder-gguf/t5.gguf").open()


def test_a_folder_without_text_encoder_is_named(checkpoint_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "text_encoder").mkdir()
    with pytest.raises(ExportError, match=r"is incomplete: text_encoder/config\.json is missing"):
        Sources(str(checkpoint_folder), str(tmp_path)).open()
    (tmp_path / "text_encoder" / "config.json").write_text(json.dumps({"d_model": 64}))
    assert Sources(str(checkpoint_folder), str(tmp_path)).open()


def test_hub_is_asked_for_the_needed_components_alone(
    hub: Hub, files: Path, tmp_path: Path
) -> None:
    text = str(files / "text" / "t5.safetensors")
    sources = Sources(hub.MODEL, text, cache_dir=tmp_path)
    assert sources.missing_bytes()[hub.MODEL] == hub.size("model_index.json") + hub.size(
        "*/*"
    ) - hub.size("text_encoder/*")
