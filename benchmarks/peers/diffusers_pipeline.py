"""Diffusers in PyTorch: `python -m benchmarks.peers.diffusers_pipeline CHECKPOINT fp32 eager`.

Besides fp32 there is bf16, and besides eager there is compiled, by `torch.compile`.
"""

import sys
from functools import partial
from pathlib import Path

import diffusers
import torch
from diffusers import LTXConditionPipeline

from benchmarks.peers.diffusers_call import frames_of
from benchmarks.peers.protocol import Generate, serve

_TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def load(checkpoint: Path, precision: str, mode: str) -> Generate:
    pipeline = LTXConditionPipeline.from_pretrained(checkpoint, dtype=_TYPES[precision])
    pipeline.set_progress_bar_config(disable=True)
    if mode == "compiled":
        pipeline.text_encoder = torch.compile(pipeline.text_encoder)
        pipeline.transformer = torch.compile(pipeline.transformer)
        pipeline.vae.decoder = torch.compile(pipeline.vae.decoder)

    return partial(frames_of, pipeline)


def main() -> None:
    diffusers.logging.set_verbosity_error()
    checkpoint, precision, mode = sys.argv[1:]
    serve(load(Path(checkpoint), precision, mode))


if __name__ == "__main__":
    main()
