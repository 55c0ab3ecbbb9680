"""What is measured: a model, how many of its layers, and a precision."""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.baselines.case import Case
from export.random import architectures
from export.random.checkpoint import TEXT_ENCODER, TRANSFORMER, VAE
from ltx_triton.contract import ENGINES, ModelContract
from ltx_triton.repository.layout import version_folder
from ltx_triton.video_spec import VideoSpec

# From small to large: a tiny checkpoint shows faults of the engines within minutes.
DEFAULT = (
    *("tiny-bf16", "tiny-fp8"),
    *("2b-bf16", "13b-8-bf16", "13b-8-fp8"),
    *("13b-bf16", "13b-fp8"),
)
DRY_RUN = ("tiny-fp32",)

_TRANSFORMERS = {
    "tiny": TRANSFORMER,
    "2b": architectures.TRANSFORMER_2B,
    "13b": architectures.TRANSFORMER_13B,
}
_NAME = re.compile(r"(tiny|2b|13b)(?:-([1-9]\d*))?-(fp32|fp16|bf16|fp8)")
_PROMPT = "A cat walks through a sunlit garden while the camera follows it slowly"


@dataclass(frozen=True)
class Model:
    """The checkpoint of a case, and the precision of its engines."""

    architecture: str
    layers: int
    precision: str

    @property
    def name(self) -> str:
        number = "" if self.is_whole else f"-{self.layers}"
        return f"{self.architecture}{number}-{self.precision}"

    @property
    def whole_layers(self) -> int:
        return int(_TRANSFORMERS[self.architecture]["num_layers"])

    @property
    def is_whole(self) -> bool:
        return self.layers == self.whole_layers

    @property
    def is_tiny(self) -> bool:
        return self.architecture == "tiny"

    @property
    def transformer(self) -> dict[str, Any]:
        return TRANSFORMER | _TRANSFORMERS[self.architecture] | {"num_layers": self.layers}

    @property
    def text_encoder(self) -> dict[str, Any]:
        """A few layers do not need a true text encoder: they are there for their own time."""
        if self.is_tiny:
            return TEXT_ENCODER
        return TEXT_ENCODER | (architectures.T5_XXL if self.is_whole else architectures.T5_SMALLEST)

    @property
    def vae(self) -> dict[str, Any]:
        return VAE if self.is_tiny else VAE | architectures.VAE

    @property
    def dtype(self) -> torch.dtype:
        """Type of the checkpoint's weights."""
        return torch.float32 if self.is_tiny else torch.bfloat16


def parse_model(name: str) -> Model:
    """Read a name such as 13b-8-fp8.

    Raises:
        argparse.ArgumentTypeError: there is no such case.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{name} is no case; allowed: tiny, 2b or 13b, a number of layers if not all of them, "
            "and fp32, fp16, bf16 or fp8, such as 2b-bf16 or 13b-8-fp8"
        )
    architecture, layers, precision = found.groups()
    return Model(architecture, int(layers or _TRANSFORMERS[architecture]["num_layers"]), precision)


def make_case(model: Model, folder: Path, device: str) -> Case:
    folder = folder / model.name
    return Case(
        folder=folder,
        checkpoint=folder / "checkpoint",
        repository=folder / "model_repository",
        request=VideoSpec(
            prompt=_PROMPT,
            num_frames=9 if model.is_tiny else 24,
            height=64 if model.is_tiny else 512,
            width=96 if model.is_tiny else 512,
            frame_rate=8.0,
            seed=0,
            num_inference_steps=8,
        ),
        precision=model.precision,
        device=device,
        compile_backend="inductor" if device == "cuda" else "eager",
    )


def onnx_repository(case: Case) -> Path:
    """Where ONNX engines go: a CPU runs them as they are."""
    return case.folder / "onnx" if case.device == "cuda" else case.repository


def engine_model(name: str) -> ModelContract:
    return next(model for model in ENGINES if model.name == name)


def onnx_folder(case: Case, name: str) -> Path:
    return version_folder(onnx_repository(case), engine_model(name))


def plan_folder(case: Case, name: str) -> Path:
    return version_folder(case.repository, engine_model(name))
