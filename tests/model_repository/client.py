"""Request videos and statistics from the real Triton."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from google.protobuf.json_format import MessageToDict
from numpy.typing import NDArray
from tritonclient.grpc import InferenceServerClient

from frontend.triton import TritonClient
from ltx_triton.contract import Progress
from ltx_triton.launcher.local_triton import LocalTriton
from ltx_triton.model_info import ModelInfo
from ltx_triton.repository.layout import MODEL_FILE
from ltx_triton.video_spec import VideoSpec


@dataclass
class Video:
    """The messages of one `ltx_video` stream."""

    progress: list[Progress] = field(default_factory=list)
    chunks: list[NDArray[np.uint8]] = field(default_factory=list)

    @property
    def frames(self) -> NDArray[np.uint8]:
        return np.concatenate(self.chunks)


async def generate(client: TritonClient, request: VideoSpec) -> Video:
    video = Video()
    async for message in client.generate(request, request_id="test"):
        if isinstance(message, Progress):
            video.progress.append(message)
        elif not isinstance(message, ModelInfo):
            video.chunks.append(message)
    return video


def generate_all(address: str, requests: Sequence[VideoSpec]) -> list[Video]:
    """Send all requests at once and return their videos in order."""

    async def run() -> list[Video]:
        client = TritonClient(address)
        try:
            return await asyncio.gather(*(generate(client, request) for request in requests))
        finally:
            await client.close()

    return asyncio.run(run())


def describe(address: str, spec: VideoSpec | None = None) -> ModelInfo:
    """Return the model info, with warnings of the prompts of a spec."""

    async def ask() -> ModelInfo | None:
        client = TritonClient(address)
        try:
            return await (client.prompt_info(spec) if spec else client.model_info())
        finally:
            await client.close()

    info = asyncio.run(ask())
    assert info
    return info


def mapped_files(triton: LocalTriton, model: str) -> str:
    """Return the mappings of the process of an engine, as the kernel lists them."""
    for process in psutil.Process(triton.pid).children(recursive=True):
        if any(part.endswith(f"/{model}/1/{MODEL_FILE}") for part in process.cmdline()):
            return Path(f"/proc/{process.pid}/maps").read_text()
    raise AssertionError(f"no process of {model}")


def executions(triton: LocalTriton, model: str) -> dict[int, int]:
    """Return the number of executions by batch size, from Triton's statistics."""
    client = InferenceServerClient(triton.grpc_address)
    statistics = MessageToDict(client.get_inference_statistics(model))["modelStats"][0]
    client.close()
    return {
        int(batch["batchSize"]): int(batch["computeInfer"]["count"])
        for batch in statistics.get("batchStats", [])
    }
