"""Find a diffusers checkpoint folder, check its layout, read its configs and hash it."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import snapshot_download
from tqdm import tqdm

from export.checkpoint.trained_on import TrainedOn
from export.errors import ExportError

COMPONENTS = {
    "scheduler": "FlowMatchEulerDiscreteScheduler",
    "text_encoder": "T5EncoderModel",
    "tokenizer": "T5Tokenizer",
    "transformer": "LTXVideoTransformer3DModel",
    "vae": "AutoencoderKLLTXVideo",
}
CONFIG_FILES = {
    "scheduler": "scheduler_config.json",
    "text_encoder": "config.json",
    "tokenizer": "tokenizer_config.json",
    "transformer": "config.json",
    "vae": "config.json",
}
TOKENIZER_FILES = ("tokenizer.json", "spiece.model")
_SETTINGS = [
    "model_index.json",
    TrainedOn.FILE,
    "tokenizer/spiece.model",
    *(f"{name}/*.json" for name in COMPONENTS),
]
_WEIGHTS = [f"{name}/*.safetensors" for name in COMPONENTS]
_HASH_BLOCK = 1 << 22  # bytes


@dataclass(frozen=True)
class Checkpoint:
    """A folder whose layout has been checked by `open_checkpoint`."""

    folder: Path

    def config(self, component: str) -> dict[str, Any]:
        """Read the config file of a component such as `vae`.

        Raises:
            ExportError: the file is not a JSON object.
        """
        path = self.folder / component / CONFIG_FILES[component]
        return _read_json(path)

    def trained_on(self) -> TrainedOn:
        """Read what it was trained on; anything, where it does not say.

        Raises:
            JsonFileError: the file is damaged.
        """
        is_said = (self.folder / TrainedOn.FILE).is_file()
        return TrainedOn.load(self.folder) if is_said else TrainedOn()

    def sha256(self) -> str:
        """Hash every config, tokenizer and weight file, with its name, in the order of the names.

        Returns:
            64 hexadecimal digits.
        """
        files = [self.folder / "model_index.json"]
        for component in COMPONENTS:
            for pattern in ("*.json", "*.safetensors", "*.model"):
                files += (self.folder / component).glob(pattern)
        digest = hashlib.sha256()
        total = sum(file.stat().st_size for file in files)
        with tqdm(total=total, unit="B", unit_scale=True, desc="hashing checkpoint") as bar:
            for file in sorted(files):
                digest.update(f"{file.relative_to(self.folder)}:{file.stat().st_size}\n".encode())
                with file.open("rb") as stream:
                    while block := stream.read(_HASH_BLOCK):
                        digest.update(block)
                        bar.update(len(block))
        return digest.hexdigest()


def download_bytes(model: str, cache_dir: Path | None) -> int:
    """Return the size of what `open_checkpoint` would download: 0 for a folder or in a cache.

    It is 0 as well if the hub cannot be reached; `open_checkpoint` reports that.
    """
    if Path(model).is_dir():
        return 0
    try:
        files = snapshot_download(
            model, cache_dir=cache_dir, allow_patterns=[*_SETTINGS, *_WEIGHTS], dry_run=True
        )
    except (OSError, ValueError):  # the hub's errors all derive from these
        return 0
    return sum(file.file_size or 0 for file in files if file.will_download)


def open_checkpoint(model: str, cache_dir: Path | None, *, weights: bool = True) -> Checkpoint:
    """Open a local checkpoint folder, or download one from the Hugging Face hub.

    Args:
        model: folder, or hub id such as `Lightricks/LTX-Video-0.9.7-distilled`.
        cache_dir: where downloads are kept; None: the hub's own default.
        weights: whether they are downloaded, or only the small files.

    Raises:
        ExportError: the checkpoint does not exist or is not laid out like LTX-Video 0.9.7.
    """
    if Path(model).is_dir():
        checkpoint = Checkpoint(Path(model))
    else:
        patterns = [*_SETTINGS, *_WEIGHTS] if weights else _SETTINGS
        checkpoint = Checkpoint(_download(model, cache_dir, patterns))
    _check_components(checkpoint)
    _check_configs(checkpoint)
    return checkpoint


def _download(model: str, cache_dir: Path | None, patterns: list[str]) -> Path:
    try:
        return Path(snapshot_download(model, cache_dir=cache_dir, allow_patterns=patterns))
    except (OSError, ValueError) as error:  # the hub's errors all derive from these
        reason = " ".join(str(error).split())
        raise ExportError(
            f"{model} is no local folder and could not be downloaded from the Hugging Face hub: "
            f"{reason}"
        ) from error


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ExportError(f"{file} is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise ExportError(f"{file} holds no JSON object")
    return content


def _check_components(checkpoint: Checkpoint) -> None:
    folder = checkpoint.folder
    index_file = folder / "model_index.json"
    if not index_file.is_file():
        raise ExportError(
            f"{folder} has no model_index.json: expected a checkpoint in diffusers' folder format"
        )
    index = _read_json(index_file)
    for component, expected in COMPONENTS.items():
        found = index.get(component, [None, None])[1]
        if found is None or found.removesuffix("Fast") != expected:
            raise ExportError(f"{index_file}: {component} is {found}, expected {expected}")
        config_file = folder / component / CONFIG_FILES[component]
        if not config_file.is_file():
            raise ExportError(f"{folder} is incomplete: {component}/{config_file.name} is missing")
    # Without either, transformers makes up an empty vocabulary.
    if not any((folder / "tokenizer" / name).is_file() for name in TOKENIZER_FILES):
        raise ExportError(f"{folder}/tokenizer has neither {' nor '.join(TOKENIZER_FILES)}")


def _check_configs(checkpoint: Checkpoint) -> None:
    transformer = checkpoint.config("transformer")
    vae = checkpoint.config("vae")
    if not vae.get("timestep_conditioning"):
        raise ExportError(
            "vae/config.json: timestep_conditioning is not true; expected the timestep-conditioned "
            "decoder of LTX-Video 0.9.1 and later"
        )
    if any(vae.get("decoder_inject_noise", ())):
        raise ExportError(
            "vae/config.json: decoder_inject_noise has a true entry; expected a decoder without "
            "noise injection, as in LTX-Video 0.9.5 and later"
        )
    latent_channels = vae.get("latent_channels", 128)
    if transformer.get("in_channels", 128) != latent_channels:
        raise ExportError(
            f"transformer/config.json: in_channels is not {latent_channels}, the VAE's "
            "latent_channels"
        )
    for key in ("patch_size", "patch_size_t"):
        if transformer.get(key, 1) != 1:
            raise ExportError(f"transformer/config.json: {key} is {transformer[key]}, expected 1")
    d_model = checkpoint.config("text_encoder")["d_model"]
    if transformer.get("caption_channels", 4096) != d_model:
        raise ExportError(
            f"transformer/config.json: caption_channels is not {d_model}, the text encoder's"
        )
