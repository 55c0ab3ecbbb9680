"""Diffusers in PyTorch: `python -m benchmarks.peers.diffusers_pipeline CHECKPOINT fp32 eager`.

Besides fp32 there is bf16, and besides eager there is compiled, by `torch.compile`.
"""

import sys
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers import LTXConditionPipeline
from numpy.typing import NDArray

from benchmarks.peers.protocol import Generate, PeerRequest, serve

_TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def load(checkpoint: Path, precision: str, mode: str) -> Generate:
    pipeline = LTXConditionPipeline.from_pretrained(checkpoint, dtype=_TYPES[precision])
    pipeline.set_progress_bar_config(disable=True)
    if mode == "compiled":
        pipeline.text_encoder = torch.compile(pipeline.text_encoder)
        pipeline.transformer = torch.compile(pipeline.transformer)
        pipeline.vae.decoder = torch.compile(pipeline.vae.decoder)

    def generate(request: PeerRequest) -> NDArray[Any]:
        video: NDArray[Any] = pipeline(
            **request.pipeline_arguments(),
            decode_timestep=request.decode_timestep,
            decode_noise_scale=request.decode_noise_scale,
            generator=torch.Generator().manual_seed(request.seed),
            output_type="np",
        ).frames[0]
        return (video * 255).astype("uint8")  # as diffusers' export_to_video does

    return generate


def main() -> None:
    diffusers.logging.set_verbosity_error()
    checkpoint, precision, mode = sys.argv[1:]
    serve(load(Path(checkpoint), precision, mode))


if __name__ == "__main__":
    main()
