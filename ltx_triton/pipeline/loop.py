"""The denoising loop: tokenise, encode, denoise step by step, decode.

The loop calls engines through the `Engines` protocol, so that it runs both in Triton's Python
backend and, for measurements, in one process with the engines.
"""

import time
from collections.abc import AsyncGenerator, Callable
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ltx_triton.contract import (
    FIRST_FRAME,
    TRANSFORMER,
    VAE_DECODER,
    ModelContract,
    Progress,
    Stage,
)
from ltx_triton.engines.session import NO_PARAMETERS, Arrays, Parameters
from ltx_triton.model_info import EngineLimits
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.pipeline.embeddings import PromptEmbeddings
from ltx_triton.pipeline.noise import draw_noise, latent_shape
from ltx_triton.pipeline.tokenizer import PromptTokenizer
from ltx_triton.video_spec import VideoSpec


class NonFiniteLatentsError(ArithmeticError):
    """A denoising step produced NaN or infinity."""


class CancelledError(Exception):
    """The client cancelled the request."""


class Engines(Protocol):
    async def run(
        self, model: ModelContract, inputs: Arrays, parameters: Parameters = NO_PARAMETERS
    ) -> dict[str, NDArray[Any]]:
        """Execute one batch; names, types and shapes, with B in front, as in `model`.

        The returned arrays are valid until the next call.
        """
        ...


class DenoisingLoop:
    """Generates videos with one checkpoint."""

    def __init__(
        self, config: PipelineConfig, tokenizer: PromptTokenizer, engines: Engines
    ) -> None:
        self._config = config
        self._limits = EngineLimits.of(config)
        self._tokenizer = tokenizer
        self._engines = engines
        self._embeddings = PromptEmbeddings(engines)

    async def generate(
        self,
        spec: VideoSpec,
        report: Callable[[Progress], None],
        is_cancelled: Callable[[], bool],
    ) -> AsyncGenerator[NDArray[np.uint8], None]:
        """Generate one video, calling `report` between engine calls.

        Yields:
            The next frames, UINT8 [n, height, width, 3], RGB, valid until the next are asked for;
            `num_frames` in all.

        Raises:
            UnsupportedSpecError: the engines cannot generate such a video.
            NonFiniteLatentsError: the transformer diverged.
            CancelledError: `is_cancelled` returned true; checked between engine calls and pieces.
        """
        self._limits.require(spec)
        sigmas = self._config.sigmas[spec.num_inference_steps or self._config.num_inference_steps]
        total_steps = len(sigmas) - 1
        started = time.perf_counter()

        def require_client() -> None:
            if is_cancelled():
                raise CancelledError

        def enter(stage: Stage, step: int) -> None:
            require_client()
            report(Progress(stage, step, total_steps, time.perf_counter() - started))

        enter(Stage.TEXT, 0)
        tokens = self._tokenizer.encode(spec.prompt)
        text = {"input_ids": tokens.input_ids, "attention_mask": tokens.attention_mask}
        prompt_embeds = await self._embeddings.encode(text)

        shape = latent_shape(
            spec,
            spatial_compression=self._config.spatial_compression,
            temporal_compression=self._config.temporal_compression,
            channels=self._config.latent_channels,
        )
        noise = draw_noise(shape, spec.seed)
        latents = noise.latents

        enter(Stage.DENOISE, 0)
        for step, (sigma, sigma_next) in enumerate(pairwise(sigmas), 1):
            inputs = {
                "latents": latents,
                "prompt_embeds": prompt_embeds,
                "attention_mask": tokens.attention_mask,
                "frame_rate": np.array([[spec.frame_rate]], np.float32),
                "sigma": np.array([[sigma]], np.float32),
                "sigma_next": np.array([[sigma_next]], np.float32),
            }
            latents = (await self._engines.run(TRANSFORMER, inputs))["latents_out"]
            if not np.isfinite(latents).all():
                raise NonFiniteLatentsError(
                    f"latents are not finite after step {step} of {total_steps}"
                )
            enter(Stage.DENOISE if step < total_steps else Stage.DECODE, step)

        decoder_inputs = {"latents": latents, "noise": noise.decode}
        made = 0
        while made < spec.num_frames:
            if made > 0:
                require_client()
            outputs = await self._engines.run(VAE_DECODER, decoder_inputs, {FIRST_FRAME: made})
            frames: NDArray[np.uint8] = outputs["frames"][0][: spec.num_frames - made]
            made += len(frames)
            if made == spec.num_frames:
                enter(Stage.MP4, total_steps)
            yield frames
