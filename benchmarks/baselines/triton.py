"""Run the engines in the real Triton: `python -m benchmarks.baselines.triton CASE`.

Needs no torch.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.baselines.case import Case
from benchmarks.baselines.inputs import save_output
from benchmarks.baselines.worker import serve_commands
from frontend.jobs.progress import StageTimes
from frontend.triton import TritonClient
from ltx_triton.contract import Progress, Stage
from ltx_triton.launcher.local_triton import LocalTriton
from ltx_triton.model_info import ModelInfo
from ltx_triton.video_spec import VideoSpec


@dataclass(frozen=True)
class Answer:
    frames: NDArray[np.uint8]  # [num_frames, height, width, 3]
    stages: dict[str, float]  # seconds; the last is the transfer of the frames, then the total
    steps: list[float]  # seconds of each denoising step


class TritonWorker:
    """Commands of the worker. Times are wall-clock seconds, gRPC included."""

    def __init__(self, case: Case, address: str) -> None:
        self._case = case
        self._address = address

    def outputs(self) -> None:
        save_output(self._case, "triton", "request", self._ask().frames)

    def request(self) -> float:
        return self._ask().stages["total"]

    def _ask(self) -> Answer:
        return asyncio.run(ask_triton(self._address, self._case.request))


async def ask_triton(address: str, request: VideoSpec) -> Answer:
    """Generate a video with the model `ltx_video`, over gRPC."""
    client = TritonClient(address)
    try:
        await client.readiness_error()  # connects
        times, progress = StageTimes(), []
        chunks = []
        started = time.perf_counter()
        async for message in client.generate(request, request_id="benchmark"):
            if isinstance(message, Progress):
                times.record(message)
                progress.append(message)
            elif not isinstance(message, ModelInfo):
                chunks.append(message)
        total = time.perf_counter() - started
        stages = times.seconds() | {"total": total}
        return Answer(np.concatenate(chunks), stages, step_seconds(progress))
    finally:
        await client.close()


def step_seconds(messages: Sequence[Progress]) -> list[float]:
    """Return the seconds of each denoising step, by the clock of the server."""
    ends = [each.seconds for each in messages if each.stage in (Stage.DENOISE, Stage.DECODE)]
    return [end - begin for begin, end in pairwise(ends)]


def main() -> None:
    case = Case.load(Path(sys.argv[1]))
    with LocalTriton(case.repository) as triton:
        worker = TritonWorker(case, triton.grpc_address)
        serve_commands({"outputs": worker.outputs, "request": worker.request})


if __name__ == "__main__":
    main()
