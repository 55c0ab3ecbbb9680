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
    UNLOAD,
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
        self,
        config: PipelineConfig,
        tokenizer: PromptTokenizer,
        engines: Engines,
        *,
        unloads_text_encoder: bool = False,
    ) -> None:
        self._config = config
        self._limits = EngineLimits.of(config)
        self._tokenizer = tokenizer
        self._engines = engines
        self._embeddings = PromptEmbeddings(
            engines, {UNLOAD: 1} if unloads_text_encoder else NO_PARAMETERS
        )

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
        guidance_scale = self._limits.guidance_scale(spec)
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
        prompts = [spec.prompt] if guidance_scale == 1 else [spec.negative_prompt, spec.prompt]
        tokens = self._tokenizer.encode(*prompts)
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

        def for_each_prompt(value: float) -> NDArray[np.float32]:
            return np.full((len(prompts), 1), value, np.float32)

        enter(Stage.DENOISE, 0)
        for step, (sigma, sigma_next) in enumerate(pairwise(sigmas), 1):
            is_stochastic = self._config.stochastic_sampling and sigma_next > 0
            inputs = {
                "latents": np.repeat(latents, len(prompts), axis=0),
                "prompt_embeds": prompt_embeds,
                "attention_mask": tokens.attention_mask,
                "frame_rate": for_each_prompt(spec.frame_rate),
                "sigma": for_each_prompt(sigma),
                "sigma_next": for_each_prompt(0.0 if is_stochastic else sigma_next),
            }
            outputs = await self._engines.run(TRANSFORMER, inputs)
            latents = _guide(outputs["latents_out"], guidance_scale)
            if is_stochastic:  # the latents are free of noise
                latents = (1 - sigma_next) * latents + sigma_next * next(noise.steps)
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


def _guide(latents: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """Move the second of two latents away from the first; return a single one as it is.

    An Euler step is linear in the velocity, so this guides the velocity all the same.
    """
    if len(latents) == 1:
        return latents
    without, guided = latents[:1], latents[1:]
    return without + scale * (guided - without)
