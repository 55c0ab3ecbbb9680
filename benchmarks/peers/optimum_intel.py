"""Optimum Intel's pipeline: `python -m benchmarks.peers.optimum_intel MODEL fp32 static`.

MODEL is a folder that `convert` made. Besides fp32 there is bf16, and besides static shapes, set
anew at each change of the size, there are dynamic ones, the library's default.
"""

import sys
from pathlib import Path
from typing import Any

import diffusers
from numpy.typing import NDArray
from optimum.intel import OVLTXPipeline

from benchmarks.peers.diffusers_call import frames_of
from benchmarks.peers.protocol import Generate, PeerRequest, serve

_HINTS = {"fp32": "f32", "bf16": "bf16"}  # of OpenVINO's INFERENCE_PRECISION_HINT
_TEXT_TOKENS = 128  # the pipeline pads every prompt to so many


def load(model: Path, precision: str, shapes: str) -> Generate:
    def open_pipeline() -> Any:
        pipeline = OVLTXPipeline.from_pretrained(
            model,
            export=False,
            compile=False,
            ov_config={"INFERENCE_PRECISION_HINT": _HINTS[precision]},
        )
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    pipeline = open_pipeline()
    size: tuple[int, int, int] | None = None

    def generate(request: PeerRequest) -> NDArray[Any]:
        nonlocal pipeline, size
        asked = request.made_frames, request.height, request.width
        if shapes == "static" and asked != size:
            pipeline, size = open_pipeline(), asked
            _reshape(pipeline, *asked)
        return frames_of(pipeline, request)

    return generate


def _reshape(pipeline: Any, frames: int, height: int, width: int) -> None:
    """Fix the shapes; the pipeline's own `reshape` makes room for guidance, and fails without."""
    latents = (
        1 + (frames - 1) // pipeline.vae_temporal_compression_ratio,
        height // pipeline.vae_spatial_compression_ratio,
        width // pipeline.vae_spatial_compression_ratio,
    )
    tokens = latents[0] * latents[1] * latents[2]
    transformer = pipeline.transformer.model
    channels, caption_channels = (
        transformer.input(name).partial_shape[2].get_length()
        for name in ("hidden_states", "encoder_hidden_states")
    )
    pipeline.text_encoder.model.reshape([1, _TEXT_TOKENS])
    transformer.reshape(
        {
            "hidden_states": [1, tokens, channels],
            "encoder_hidden_states": [1, _TEXT_TOKENS, caption_channels],
            "encoder_attention_mask": [1, _TEXT_TOKENS],
            "timestep": [1, tokens],
        }
    )
    pipeline.vae_decoder.model.reshape({"latent_sample": [1, channels, *latents], "timestep": [1]})


def main() -> None:
    diffusers.logging.set_verbosity_error()
    model, precision, shapes = sys.argv[1:]
    serve(load(Path(model), precision, shapes))


if __name__ == "__main__":
    main()
