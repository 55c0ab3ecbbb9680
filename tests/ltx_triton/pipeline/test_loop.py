from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from numpy.typing import NDArray

from demo.evaluation.reference import ReferencePipeline
from ltx_triton.contract import TRANSFORMER, ModelContract, Progress, Stage
from ltx_triton.engines.in_process import InProcessEngines, generate_video
from ltx_triton.engines.session import NO_PARAMETERS, Arrays, Parameters
from ltx_triton.model_info import UnsupportedSpecError
from ltx_triton.pipeline.config import PipelineConfig, SizeLimit
from ltx_triton.pipeline.loop import (
    CancelledError,
    DenoisingLoop,
    NonFiniteLatentsError,
)
from ltx_triton.pipeline.noise import draw_noise, latent_shape
from ltx_triton.pipeline.tokenizer import PromptTokenizer
from ltx_triton.video_spec import VideoSpec

_STEP_NOISE = "diffusers.schedulers.scheduling_flow_match_euler_discrete.randn_tensor"
REQUEST = VideoSpec(prompt="a red ball", num_frames=9, height=64, width=64, frame_rate=8.0, seed=1)


class DivergingEngines(InProcessEngines):
    """Real engines, except that the third step returns an infinity."""

    steps = 0

    async def run(
        self, model: ModelContract, inputs: Arrays, parameters: Parameters = NO_PARAMETERS
    ) -> dict[str, NDArray[Any]]:
        outputs = await super().run(model, inputs, parameters)
        if model is TRANSFORMER:
            self.steps += 1
            if self.steps == 3:
                outputs["latents_out"].flat[7] = np.inf
        return outputs


def loop_over(repository: Path, engines: InProcessEngines, **changes: Any) -> DenoisingLoop:
    folder = repository / "ltx_video" / "1"
    config = PipelineConfig.load(folder).model_copy(update=changes)
    return DenoisingLoop(config, PromptTokenizer(folder, config), engines)


class StochasticScheduler(FlowMatchEulerDiscreteScheduler):  # type: ignore[misc]
    """Is given the velocity as `LTXPipeline` does it: `LTXConditionPipeline` has its negative."""

    def step(self, velocity: Any, timestep: Any, sample: Any, **_: Any) -> Any:
        return super().step(-velocity, timestep, sample, return_dict=False)


def step_noise(spec: VideoSpec) -> Callable[..., torch.Tensor]:
    """The denoising loop's noise of each step, in place of the scheduler's own."""
    shape = latent_shape(spec, spatial_compression=32, temporal_compression=8, channels=128)
    draws = draw_noise(shape, spec.seed).steps
    return lambda shape, **_: torch.from_numpy(next(draws)).reshape(shape)


@pytest.mark.parametrize(
    ("is_stochastic", "guidance_scale"), [(True, 1.0), (False, 3.0), (True, 3.0)]
)
def test_other_checkpoints_give_the_frames_of_diffusers_too(
    is_stochastic: bool,
    guidance_scale: float,
    repository: Path,
    checkpoint_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CPU_PRECISION", "fp32")
    request = REQUEST.model_copy(
        update={"width": 96, "num_frames": 17, "negative_prompt": "a blue sea, still, blurry"}
    )
    loop = loop_over(
        repository,
        InProcessEngines(repository),
        stochastic_sampling=is_stochastic,
        guidance_scale=guidance_scale,
    )

    frames, again = (generate_video(loop, request) for _ in range(2))

    kind = StochasticScheduler if is_stochastic else FlowMatchEulerDiscreteScheduler
    scheduler = kind.from_pretrained(
        checkpoint_folder / "scheduler", stochastic_sampling=is_stochastic
    )
    reference = ReferencePipeline(checkpoint_folder, scheduler=scheduler)
    with patch(_STEP_NOISE, step_noise(request)):
        expected = reference.frames(request.model_copy(update={"guidance_scale": guidance_scale}))
    assert np.abs(frames.astype(int) - expected).max() <= 1
    assert np.array_equal(frames, again)
    plain = generate_video(loop_over(repository, InProcessEngines(repository)), request)
    assert np.abs(frames.astype(int) - plain).max() > 10, "the same frames would prove nothing"


def test_returns_exactly_the_requested_number_of_frames(repository: Path) -> None:
    loop = loop_over(repository, InProcessEngines(repository))
    for count in (1, 2, 9, 10):
        request = VideoSpec(
            prompt="x", num_frames=count, height=64, width=96, frame_rate=8.0, seed=1
        )
        frames = generate_video(loop, request)
        assert frames.shape == (count, 64, 96, 3)


def test_non_finite_latents_raise_an_error_that_names_the_step(repository: Path) -> None:
    loop = loop_over(repository, DivergingEngines(repository))

    with pytest.raises(NonFiniteLatentsError, match="not finite after step 3 of 8"):
        generate_video(loop, REQUEST)


LIMITS = (SizeLimit(64, 64, 9), SizeLimit(96, 64, 17), SizeLimit(32, 96, 257))


def test_a_size_within_any_of_the_limits_is_accepted(repository: Path) -> None:
    loop = loop_over(repository, InProcessEngines(repository), size_limits=LIMITS)
    request = REQUEST.model_copy(update={"height": 96, "num_frames": 17})

    frames = generate_video(loop, request)

    assert frames.shape == (17, 96, 64, 3)


@pytest.mark.parametrize(
    ("height", "width", "num_frames"), [(96, 96, 9), (64, 96, 9), (96, 64, 18), (128, 32, 1)]
)
def test_a_size_beyond_all_limits_is_refused_with_the_allowed_ones(
    repository: Path, height: int, width: int, num_frames: int
) -> None:
    loop = loop_over(repository, InProcessEngines(repository), size_limits=LIMITS)
    request = REQUEST.model_copy(
        update={"height": height, "width": width, "num_frames": num_frames}
    )

    with pytest.raises(UnsupportedSpecError) as refused:
        generate_video(loop, request)

    assert str(refused.value) == (
        f"height={height}, width={width}, num_frames={num_frames} together exceed what the "
        "engines were built for; allowed: up to 64x64x9, 96x64x17, 32x96x257"
    )


# Not MP4: when it is reported, nothing is left to cancel.
@pytest.mark.parametrize("stage", [Stage.TEXT, Stage.DENOISE, Stage.DECODE])
def test_cancellation_is_noticed_at_every_stage(repository: Path, stage: Stage) -> None:
    loop = loop_over(repository, InProcessEngines(repository))
    reported: list[Progress] = []

    def is_cancelled() -> bool:
        return bool(reported) and reported[-1].stage == stage

    with pytest.raises(CancelledError):
        generate_video(loop, REQUEST, reported.append, is_cancelled)
    assert reported[-1].stage == stage
