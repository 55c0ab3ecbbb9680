"""Bytes of a case's weights, before there are any."""

from dataclasses import dataclass
from functools import cache

import torch
from diffusers import AutoencoderKLLTXVideo, LTXVideoTransformer3DModel
from torch import nn
from transformers import T5Config, T5EncoderModel

from benchmarks.gpu.cases import Model, engine_model
from export.precision import Precision
from ltx_triton.contract import ENGINES, TEXT_ENCODER, TRANSFORMER, VAE_DECODER


@dataclass(frozen=True)
class Weights:
    """Number of values behind one engine."""

    stored: int  # in the checkpoint
    used: int  # in the engine


@cache
def weights(model: Model) -> dict[str, Weights]:
    """Count by engine."""
    with torch.device("meta"):
        t5 = T5EncoderModel(T5Config(**model.text_encoder))
        dit = LTXVideoTransformer3DModel(**model.transformer)
        vae = AutoencoderKLLTXVideo(**model.vae)
    return {
        TEXT_ENCODER.name: Weights(_count(t5), _count(t5)),
        TRANSFORMER.name: Weights(_count(dit), _count(dit)),
        VAE_DECODER.name: Weights(_count(vae), _count(vae.decoder)),
    }


def checkpoint_bytes(model: Model, name: str) -> int:
    return weights(model)[name].stored * model.dtype.itemsize


def engine_bytes(model: Model, name: str) -> int:
    """Most bytes of an engine, as ONNX or as a plan; linears that take FP8 are not known yet."""
    dtype = Precision(model.precision).dtype(engine_model(name))
    return weights(model)[name].used * dtype.itemsize


def all_engines_bytes(model: Model) -> int:
    return sum(engine_bytes(model, engine.name) for engine in ENGINES)


def torch_bytes(model: Model, precision: Precision) -> dict[str, int]:
    """Bytes of each component in PyTorch."""
    return {
        engine.name: weights(model)[engine.name].stored * precision.dtype(engine).itemsize
        for engine in ENGINES
    }


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
