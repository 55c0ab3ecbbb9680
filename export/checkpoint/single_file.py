"""Transformer and VAE of a checkpoint in a single file, as Lightricks publishes them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from export.checkpoint.checkpoint import Part
from export.checkpoint.header import FP8, Header
from export.checkpoint.single_file_configs import (
    allowed_levels,
    read_config,
    require_schedule,
    transformer_config,
    vae_config,
)
from export.checkpoint.single_file_names import transformer_keys, vae_keys
from export.checkpoint.weights import Source
from export.errors import ExportError

_TYPES = ("F32", "F16", "BF16")
_WHOLE = "take a whole checkpoint, such as Lightricks/LTX-Video/ltxv-2b-0.9.8-distilled.safetensors"
_LATER = "take 0.9.5 or later"


@dataclass(frozen=True)
class SingleFile(Part):
    """Nothing but the header has been read, and only its place is known until it is downloaded."""

    file: Path
    content: Header

    def place(self, component: str) -> Path:  # noqa: ARG002
        return self.file

    def config(self, component: str) -> dict[str, Any]:
        return self._configs[component]

    def weights(self, component: str) -> dict[str, Source]:
        names = {"transformer": transformer_keys, "vae": vae_keys}[component]
        keys = names(self.content.tensors)
        return {name: Source(self.file, key) for name, key in keys.items()}

    def header(self, component: str) -> Header:  # noqa: ARG002
        return self.content

    def component_files(self, component: str) -> dict[str, Path]:  # noqa: ARG002
        return {"checkpoint.safetensors": self.file}

    @property
    def levels(self) -> tuple[float, ...] | None:
        return allowed_levels(self._config)

    @property
    def has_default_version(self) -> bool:
        return False

    @property
    def remarks(self) -> tuple[str, ...]:
        return tuple(text for name, text in self.content.metadata.items() if name != "config")

    def require_layout(self) -> None:
        """Raise ExportError unless it holds a model like LTX-Video 0.9.5 to 0.9.8."""
        keys = self.content.tensors.keys()
        names, vae = transformer_keys(keys), vae_keys(keys)
        if "proj_in.weight" not in names:
            raise ExportError(
                f"{self.file} has no transformer, as a VAE, an upscaler or a LoRA have none: "
                f"{_WHOLE}"
            )
        types = {tensor.dtype for tensor in self.content.tensors.values()}
        if types & set(FP8):
            raise ExportError(
                f"{self.file}: weights are in FP8, and may be rotated: take the BF16 file of the "
                "same version"
            )
        if not vae:
            raise ExportError(
                f"{self.file} has a transformer alone, which may be of any version: {_WHOLE}"
            )
        _require_vae_layout(vae, self.file)
        if others := types - set(_TYPES):
            raise ExportError(
                f"{self.file}: weights are stored as {min(others)}, expected {', '.join(_TYPES)}"
            )
        require_schedule(self._config, str(self.file))
        _ = self._configs

    @cached_property
    def _config(self) -> dict[str, Any]:
        return read_config(self.content, str(self.file))

    @cached_property
    def _configs(self) -> dict[str, dict[str, Any]]:
        where = str(self.file)
        return {
            "scheduler": {"_class_name": "FlowMatchEulerDiscreteScheduler"},
            "transformer": transformer_config(self.content, self._config, where),
            "vae": vae_config(self.content, self._config, where),
        }


def _require_vae_layout(names: Iterable[str], file: Path) -> None:
    found = set(names)
    if "decoder.time_embedder.timestep_embedder.linear_1.weight" not in found:
        raise ExportError(f"{file} is LTX-Video 0.9.0, whose VAE is another one: {_LATER}")
    samplers = "encoder.down_blocks.0.downsamplers.0.conv.conv.weight"
    if samplers not in found or any("per_channel_scale" in name for name in found):
        raise ExportError(f"{file} is LTX-Video 0.9.1, whose VAE is another one: {_LATER}")
