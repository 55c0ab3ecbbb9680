import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ltx_triton.contract import TRANSFORMER, ModelContract, Progress, Stage, VideoRequest
from ltx_triton.denoising_loop import CancelledError, DenoisingLoop, NonFiniteLatentsError
from ltx_triton.engine_session import Arrays
from ltx_triton.in_process import InProcessEngines
from ltx_triton.pipeline_config import PipelineConfig
from ltx_triton.tokenizer import PromptTokenizer

REQUEST = VideoRequest("a red ball", num_frames=9, height=64, width=64, frame_rate=8.0, seed=1)


class DivergingEngines(InProcessEngines):
    """The real engines, but the third step gives an infinity: no checkpoint does so on demand."""

    steps = 0

    async def run(self, model: ModelContract, inputs: Arrays) -> dict[str, NDArray[Any]]:
        outputs = await super().run(model, inputs)
        if model is TRANSFORMER:
            self.steps += 1
            if self.steps == 3:
                outputs["latents_out"].flat[7] = np.inf
        return outputs


def loop_over(repository: Path, engines: InProcessEngines) -> DenoisingLoop:
    folder = repository / "ltx_video" / "1"
    config = PipelineConfig.load(folder)
    return DenoisingLoop(config, PromptTokenizer(folder, config), engines)


def test_makes_exactly_the_frames_asked_for(repository: Path) -> None:
    loop = loop_over(repository, InProcessEngines(repository))
    for count in (1, 2, 9, 10):
        request = VideoRequest("x", num_frames=count, height=64, width=96, frame_rate=8.0, seed=1)
        frames = asyncio.run(loop.generate(request, lambda _: None, lambda: False))
        assert frames.shape == (count, 64, 96, 3)


def test_latents_that_are_not_finite_end_the_video_with_the_step(repository: Path) -> None:
    loop = loop_over(repository, DivergingEngines(repository))

    with pytest.raises(NonFiniteLatentsError, match="not finite after step 3 of 8"):
        asyncio.run(loop.generate(REQUEST, lambda _: None, lambda: False))


# Not MP4: it is the last thing reported, when nothing is left to cancel.
@pytest.mark.parametrize("stage", [Stage.TEXT, Stage.DENOISE, Stage.DECODE])
def test_cancellation_is_noticed_at_every_stage(repository: Path, stage: Stage) -> None:
    loop = loop_over(repository, InProcessEngines(repository))
    reported: list[Progress] = []

    def is_cancelled() -> bool:
        return bool(reported) and reported[-1].stage == stage

    with pytest.raises(CancelledError):
        asyncio.run(loop.generate(REQUEST, reported.append, is_cancelled))
    assert reported[-1].stage == stage
