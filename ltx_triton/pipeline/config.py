"""The JSON beside the `ltx_video` model: everything the denoising loop knows of its checkpoint.

Written by the exporter, read by the loop. Nothing of it is a constant in the serving code.
"""

from dataclasses import dataclass
from typing import Literal

from ltx_triton.json_file import JsonFile
from ltx_triton.repository.layout import PIPELINE_CONFIG_FILE


@dataclass(frozen=True)
class SizeLimit:
    """A largest video: one that exceeds it in none of the three is possible."""

    height: int  # pixels
    width: int  # pixels
    num_frames: int


class PipelineConfig(JsonFile):
    """Sampling and shape settings of an exported checkpoint."""

    FILE = PIPELINE_CONFIG_FILE
    REMEDY = "run `make export` first"

    version: Literal[1] = 1
    model_name: str
    checkpoint_sha256: str
    precision: str  # fp32, fp16, bf16 or fp8: of the engines' weights and arithmetic
    latent_channels: int
    caption_channels: int
    spatial_compression: int  # pixels per latent row or column
    temporal_compression: int  # frames per latent frame, after the first
    text_length: int  # tokens; longer prompts are cut
    text_buckets: tuple[int, ...]  # text is padded to the smallest of these that holds it
    num_inference_steps: int  # the default
    sigmas: dict[int, tuple[float, ...]]  # number of steps -> noise levels, final 0 included
    decode_timestep: float  # inside the decoder's graph; kept here for the record
    decode_noise_scale: float  # likewise
    stochastic_sampling: bool = False  # noise is drawn anew at each step
    guidance_scale: float = 1.0  # the default; 1: a distilled checkpoint, made for no guidance
    known_words: tuple[str, ...] = ()  # all that the model was trained on; none: any
    drawn_sides: tuple[int, int] | None = None  # pixels, of the frames it draws; None: any
    size_limits: tuple[SizeLimit, ...] = ()  # largest videos of the engines; none: any size
