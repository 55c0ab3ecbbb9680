"""Run the engines in the real Triton: `python -m benchmarks.baselines.triton CASE [ADDRESS]`.

Without an address, Triton is the wheel's, and ends with the worker. Needs no torch.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc.aio import InferenceServerClient

from benchmarks.baselines.case import Case
from benchmarks.baselines.inputs import save_output
from benchmarks.baselines.worker import serve_commands
from frontend.jobs.progress import StageTimes
from frontend.triton import TritonClient
from ltx_triton.contract import MODELS, Progress, Stage
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

    def describe(self) -> dict[str, Any]:
        return asyncio.run(describe_triton(self._address))

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


async def describe_triton(address: str) -> dict[str, Any]:
    """Return Triton's version, the backend of each model, and the checkpoint that is served."""
    client = TritonClient(address)
    models = InferenceServerClient(address)
    try:
        if reason := await client.readiness_error():
            raise ConnectionError(f"{address}: {reason}")
        server = await models.get_server_metadata()
        backends = {}
        for model in MODELS:
            config = (await models.get_model_config(model.name)).config
            backends[model.name] = config.backend or config.platform
        info = await client.model_info()
        if info is None:
            raise ConnectionError(f"{address} does not say which checkpoint it serves")
        return {
            "version": server.version,
            "backends": backends,
            "checkpoint_sha256": info.checkpoint_sha256,
            "device": info.device_name,
        }
    finally:
        await models.close()
        await client.close()


def main() -> None:
    case = Case.load(Path(sys.argv[1]))
    with ExitStack() as stack:
        if len(sys.argv) > 2:
            address = sys.argv[2]
        else:
            address = stack.enter_context(LocalTriton(case.repository)).grpc_address
        worker = TritonWorker(case, address)
        names = ("describe", "outputs", "request")
        serve_commands({name: getattr(worker, name) for name in names})


if __name__ == "__main__":
    main()
