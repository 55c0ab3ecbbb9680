"""Prompt to frames: tokenise, encode, denoise step by step, decode.

Knows nothing of Triton: engines are called through `Engines`, so that the same loop runs inside
Triton's Python backend and, for measurements, in one process with the bare engines.
"""

import time
from collections.abc import Callable
from itertools import pairwise
from math import isfinite
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ltx_triton.contract import (
    TEXT_ENCODER,
    TRANSFORMER,
    VAE_DECODER,
    ModelContract,
    Progress,
    Stage,
    VideoRequest,
)
from ltx_triton.engines.session import Arrays
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.pipeline.tokenizer import PromptTokenizer


class InvalidRequestError(ValueError):
    """The request asks for something this checkpoint cannot make."""


class NonFiniteLatentsError(ArithmeticError):
    """A denoising step produced NaN or infinity."""


class CancelledError(Exception):
    """The client no longer wants the video."""


class Engines(Protocol):
    """The three engines, wherever they run."""

    async def run(self, model: ModelContract, inputs: Arrays) -> dict[str, NDArray[Any]]:
        """Execute one engine on one batch; names, types and shapes, B in front, as in `model`."""
        ...


class DenoisingLoop:
    """Generates videos with one checkpoint."""

    def __init__(
        self, config: PipelineConfig, tokenizer: PromptTokenizer, engines: Engines
    ) -> None:
        self._config = config
        self._tokenizer = tokenizer
        self._engines = engines

    async def generate(
        self,
        request: VideoRequest,
        report: Callable[[Progress], None],
        is_cancelled: Callable[[], bool],
    ) -> NDArray[np.uint8]:
        """Make one video, calling `report` whenever a piece of work is finished.

        Returns:
            UINT8 [num_frames, height, width, 3], RGB.

        Raises:
            InvalidRequestError: a value of the request is not possible; says which are.
            NonFiniteLatentsError: the transformer diverged.
            CancelledError: `is_cancelled` turned true; noticed between any two engine calls.
        """
        sigmas = self._sigmas(request)
        shape = self._latent_shape(request)
        total_steps = len(sigmas) - 1
        started = time.perf_counter()

        def enter(stage: Stage, step: int) -> None:
            if is_cancelled():
                raise CancelledError
            report(Progress(stage, step, total_steps, time.perf_counter() - started))

        enter(Stage.TEXT, 0)
        tokens = self._tokenizer.encode(request.prompt)
        text = {"input_ids": tokens.input_ids, "attention_mask": tokens.attention_mask}
        prompt_embeds = (await self._engines.run(TEXT_ENCODER, text))["prompt_embeds"]

        random = np.random.default_rng(request.seed)
        latents = random.standard_normal(shape, dtype=np.float32)
        decode_noise = random.standard_normal(shape, dtype=np.float32)

        enter(Stage.DENOISE, 0)
        for step, (sigma, sigma_next) in enumerate(pairwise(sigmas), 1):
            inputs = {
                "latents": latents,
                "prompt_embeds": prompt_embeds,
                "attention_mask": tokens.attention_mask,
                "frame_rate": np.array([[request.frame_rate]], np.float32),
                "sigma": np.array([[sigma]], np.float32),
                "sigma_next": np.array([[sigma_next]], np.float32),
            }
            latents = (await self._engines.run(TRANSFORMER, inputs))["latents_out"]
            if not np.isfinite(latents).all():
                raise NonFiniteLatentsError(
                    f"latents are not finite after step {step} of {total_steps}"
                )
            enter(Stage.DENOISE if step < total_steps else Stage.DECODE, step)

        decoder_inputs = {"latents": latents, "noise": decode_noise}
        frames: NDArray[np.uint8] = (await self._engines.run(VAE_DECODER, decoder_inputs))[
            "frames"
        ][0]
        enter(Stage.MP4, total_steps)
        return frames[: request.num_frames]

    def _sigmas(self, request: VideoRequest) -> tuple[float, ...]:
        steps = request.num_inference_steps
        if steps is None:
            steps = self._config.num_inference_steps
        if steps not in self._config.sigmas:
            raise InvalidRequestError(
                f"num_inference_steps={steps} is not possible; "
                f"allowed: {', '.join(str(n) for n in self._config.sigmas)}"
            )
        return self._config.sigmas[steps]

    def _latent_shape(self, request: VideoRequest) -> tuple[int, ...]:
        """[1, F, H, W, L] of the shortest latents that hold the request."""
        spatial, temporal = self._config.spatial_compression, self._config.temporal_compression
        for side in ("height", "width"):
            pixels = getattr(request, side)
            if pixels <= 0 or pixels % spatial:
                raise InvalidRequestError(
                    f"{side}={pixels} is not possible; allowed: positive multiples of {spatial}"
                )
        if request.num_frames < 1:
            raise InvalidRequestError(f"num_frames={request.num_frames}: must be at least 1")
        self._check_limits(request)
        if not (isfinite(request.frame_rate) and request.frame_rate > 0):
            raise InvalidRequestError(f"frame_rate={request.frame_rate}: must be positive")
        if request.seed < 0:
            raise InvalidRequestError(f"seed={request.seed}: must not be negative")
        return (
            1,
            1 + -(-(request.num_frames - 1) // temporal),
            request.height // spatial,
            request.width // spatial,
            self._config.latent_channels,
        )

    def _check_limits(self, request: VideoRequest) -> None:
        limits = self._config.size_limits
        if limits and not any(
            request.height <= limit.height
            and request.width <= limit.width
            and request.num_frames <= limit.num_frames
            for limit in limits
        ):
            allowed = ", ".join(
                f"{limit.height}x{limit.width}x{limit.num_frames}" for limit in limits
            )
            raise InvalidRequestError(
                f"height={request.height}, width={request.width}, num_frames={request.num_frames} "
                f"together exceed what the engines were built for; allowed: up to {allowed}"
            )
