"""The models that `ltx-video demo` knows by a short name."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Download:
    """A file of the hub."""

    repository: str
    name: str
    bytes: int

    def __str__(self) -> str:
        return f"{self.repository}/{self.name}"


@dataclass(frozen=True)
class KnownModel:
    checkpoint: str  # as the exporter takes it
    licence: str
    text_encoder: str  # what it is, and where its licence is
    downloads: tuple[Download, ...]  # besides settings and tokenizer: less than a megabyte


# The file that the model card names for each of these files.
_LICENCE = (
    "LTXV Open Weights License, "
    "https://huggingface.co/Lightricks/LTX-Video/blob/main/LTX-Video-Open-Weights-License-0.X.txt"
)
# The exporter's default; its size as the hub lists it.
_T5 = Download("comfyanonymous/flux_text_encoders", "t5xxl_fp16.safetensors", 9_787_841_024)


def _by_lightricks(name: str, size: int) -> KnownModel:
    file = Download("Lightricks/LTX-Video", name, size)
    text_encoder = f"T5: see the licence at https://huggingface.co/{_T5.repository}"
    return KnownModel(str(file), _LICENCE, text_encoder, (file, _T5))


KNOWN_MODELS: Mapping[str, KnownModel] = {
    # As the hub shows it, "6.34 GB"; the other sizes are exact, as the hub lists them.
    "2b": _by_lightricks("ltxv-2b-0.9.8-distilled.safetensors", 6_340_000_000),
    "2b-0.9.6": _by_lightricks("ltxv-2b-0.9.6-distilled-04-25.safetensors", 6_340_744_028),
    "13b": _by_lightricks("ltxv-13b-0.9.8-distilled.safetensors", 28_579_183_564),
}
