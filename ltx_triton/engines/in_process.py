"""Engines in this process, to run the denoising loop without a server."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltx_triton.contract import ENGINES, ModelContract, Progress
from ltx_triton.engines.open import open_session
from ltx_triton.engines.session import NO_PARAMETERS, Arrays, Parameters
from ltx_triton.pipeline.loop import DenoisingLoop
from ltx_triton.repository.layout import version_folder
from ltx_triton.video_spec import VideoSpec


class InProcessEngines:
    """Calls the engines of a model repository directly. Implements `Engines`."""

    def __init__(self, repository: Path) -> None:
        self._sessions = {
            model.name: open_session(version_folder(repository, model), model) for model in ENGINES
        }

    async def run(
        self, model: ModelContract, inputs: Arrays, parameters: Parameters = NO_PARAMETERS
    ) -> dict[str, NDArray[Any]]:
        return self._sessions[model.name].run(inputs, parameters)


def generate_video(
    loop: DenoisingLoop,
    spec: VideoSpec,
    report: Callable[[Progress], None] = lambda _: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> NDArray[np.uint8]:
    """Return all frames at once: UINT8 [num_frames, height, width, 3]. Raises as the loop does."""

    async def collect() -> NDArray[np.uint8]:
        pieces = [frames.copy() async for frames in loop.generate(spec, report, is_cancelled)]
        return np.concatenate(pieces)

    return asyncio.run(collect())
