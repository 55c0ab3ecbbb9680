"""Call a pipeline of diffusers, or one that is called like it."""

from typing import Any

import torch
from numpy.typing import NDArray

from benchmarks.peers.protocol import PeerRequest


def frames_of(pipeline: Any, request: PeerRequest) -> NDArray[Any]:
    """Return UINT8 [made_frames, height, width, 3]."""
    video: NDArray[Any] = pipeline(
        **request.pipeline_arguments(),
        decode_timestep=request.decode_timestep,
        decode_noise_scale=request.decode_noise_scale,
        generator=torch.Generator().manual_seed(request.seed),
        output_type="np",
    ).frames[0]
    return (video * 255).astype("uint8")  # as diffusers' export_to_video does
