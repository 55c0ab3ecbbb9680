"""Rotary embeddings of latent positions, computed in the graph from its shapes."""

import math
from typing import Any

import torch
from torch import Tensor, nn


class RotaryPositions(nn.Module):
    """Cosines and sines for tokens on a grid of latent frames, height and width, in FP32.

    Coordinates as diffusers `LTXConditionPipeline._prepare_video_ids` and `_scale_video_ids` have
    them (seconds, pixels, pixels), angles as `LTXVideoRotaryPosEmbed.forward`. Angles reach
    thousands of radians, so the order of the operations is theirs, and the frequencies are
    computed once by torch rather than in every runtime.
    """

    frequencies: Tensor

    def __init__(self, rope: Any, spatial_compression: int, temporal_compression: int) -> None:
        super().__init__()
        self.base_num_frames = rope.base_num_frames
        self.base_height = rope.base_height
        self.base_width = rope.base_width
        self.spatial_compression = spatial_compression
        self.temporal_compression = temporal_compression
        dim, theta = int(rope.dim), float(rope.theta)
        # Pairs of channels that the three axes do not fill; they come first and are not turned.
        self.unused_pairs = dim % 6 // 2
        exponents = torch.linspace(0.0, math.log(theta, theta), dim // 6, dtype=torch.float32)
        self.register_buffer("frequencies", theta**exponents * math.pi / 2.0)

    def forward(
        self, frame_rate: Tensor, frames: int, height: int, width: int
    ) -> tuple[Tensor, Tensor]:
        """Return cosines and sines, FP32 [B, F*H*W, D] each, for frame_rate FP32 [B, 1]."""
        first_frames = torch.arange(frames) * self.temporal_compression
        # A latent frame covers several frames, the first one a single frame: causal positions.
        first_frames = (first_frames + 1 - self.temporal_compression).clamp(min=0)
        seconds = first_frames.float() * (1.0 / frame_rate)  # [B, F]
        y = (torch.arange(height) * self.spatial_compression).float()[None]
        x = (torch.arange(width) * self.spatial_compression).float()[None]
        time_angles = self._angles(seconds / self.base_num_frames)[:, :, None, None]
        y_angles = self._angles(y / self.base_height)[:, None, :, None]
        x_angles = self._angles(x / self.base_width)[:, None, None, :]
        grid = (frame_rate.shape[0], frames, height, width, self.frequencies.shape[0])
        axes = (time_angles, y_angles, x_angles)
        cosines = torch.stack([axis.cos().expand(grid) for axis in axes], dim=-1)
        sines = torch.stack([axis.sin().expand(grid) for axis in axes], dim=-1)
        cosines, sines = cosines.flatten(4).flatten(1, 3), sines.flatten(4).flatten(1, 3)
        unturned = torch.ones_like(cosines[:, :, : self.unused_pairs])
        cosines = torch.cat([unturned, cosines], dim=-1)
        sines = torch.cat([torch.zeros_like(unturned), sines], dim=-1)
        return cosines.repeat_interleave(2, dim=-1), sines.repeat_interleave(2, dim=-1)

    def _angles(self, positions: Tensor) -> Tensor:
        """[...] fractions of the model's range to [..., frequencies] radians."""
        return self.frequencies * (positions[..., None] * 2 - 1)
