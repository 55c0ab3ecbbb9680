"""A text encoder in a single file: T5 v1.1's encoder, in transformers' names."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.checkpoint.checkpoint import Part
from export.checkpoint.header import Header, Tensor, count_numbers
from export.checkpoint.weights import Source
from export.errors import ExportError

_TYPES = ("F32", "F16", "BF16", "F8_E4M3")
_SCALE = ".scale_weight"
# ComfyUI's marker, and scales for inputs in FP8.
_UNUSED = ("scaled_fp8", ".scale_input")
_ATTENTION = "encoder.block.0.layer.0.SelfAttention"
_FEED_FORWARD = "encoder.block.0.layer.1.DenseReluDense"
_EMBEDDINGS = ("shared.weight", "encoder.embed_tokens.weight")


@dataclass(frozen=True)
class T5File(Part):
    """Nothing but the header has been read, and only its place is known until it is downloaded."""

    file: Path
    content: Header

    def place(self, component: str) -> Path:  # noqa: ARG002
        return self.file

    def config(self, component: str) -> dict[str, Any]:  # noqa: ARG002
        tensors = self.content.tensors
        embeddings = next(tensors[name] for name in _EMBEDDINGS if name in tensors)
        vocabulary, width = embeddings.shape
        buckets, heads = tensors[f"{_ATTENTION}.relative_attention_bias.weight"].shape
        return {
            "vocab_size": vocabulary,
            "d_model": width,
            "d_kv": tensors[f"{_ATTENTION}.q.weight"].shape[0] // heads,
            "d_ff": tensors[f"{_FEED_FORWARD}.wi_0.weight"].shape[0],
            "num_layers": count_numbers(tensors, "encoder.block.{}."),
            "num_heads": heads,
            "relative_attention_num_buckets": buckets,
            "feed_forward_proj": "gated-gelu",
            "dropout_rate": 0.0,
        }

    def weights(self, component: str) -> dict[str, Source]:  # noqa: ARG002
        scales = {key for key in self.content.tensors if key.endswith(_SCALE)}
        sources = {}
        for key in self.content.tensors.keys() - scales:
            scale = key.removesuffix(".weight") + _SCALE
            if not key.endswith(_UNUSED):
                sources[key] = Source(self.file, key, scale if scale in scales else None)
        return dict(sorted(sources.items()))

    def header(self, component: str) -> Header:  # noqa: ARG002
        return self.content

    def component_files(self, component: str) -> dict[str, Path]:  # noqa: ARG002
        return {"text_encoder.safetensors": self.file}

    def require_layout(self) -> None:
        """Raise ExportError unless it holds an encoder of T5 v1.1 in a type that can be read."""
        tensors = self.content.tensors
        needed = [
            f"{_ATTENTION}.q.weight",
            f"{_ATTENTION}.relative_attention_bias.weight",
            f"{_FEED_FORWARD}.wi_0.weight",
        ]
        missing = [name for name in needed if name not in tensors]
        if not any(name in tensors for name in _EMBEDDINGS):
            missing.append(_EMBEDDINGS[0])
        if missing:
            raise ExportError(
                f"{self.file} has no weight {missing[0]}: expected the encoder of T5 v1.1, such as "
                "comfyanonymous/flux_text_encoders/t5xxl_fp16.safetensors"
            )
        _require_types(tensors, self.file)


def _require_types(tensors: Mapping[str, Tensor], file: Path) -> None:
    for name, tensor in tensors.items():
        if name.endswith(_UNUSED):
            continue
        if tensor.dtype not in _TYPES:
            raise ExportError(
                f"{file}: {name} is stored as {tensor.dtype}, expected {', '.join(_TYPES)}"
            )
        if name.endswith(_SCALE) and tensor.shape not in ((), (1,)):
            raise ExportError(f"{file}: {name} has shape {tensor.shape}, expected a single number")
