"""The text encoder where the engines together are too large, in the real Triton."""

import asyncio
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from frontend.triton import EngineFailedError, TritonClient
from ltx_triton.contract import ENGINES, TEXT_ENCODER, TRANSFORMER, Progress, Stage
from ltx_triton.engines.memory_use import CpuMemory, MemoryAt
from ltx_triton.launcher.local_triton import LocalTriton
from ltx_triton.repository.layout import DATA_FILE, version_folder
from ltx_triton.video_spec import VideoSpec
from tests.model_repository.client import (
    Video,
    describe,
    executions,
    generate,
    generate_all,
    mapped_files,
)

MB = 10**6
REQUESTS = [
    VideoSpec(prompt=prompt, num_frames=9, height=64, width=64, frame_rate=8.0, seed=seed)
    for prompt, seed in (("a red ball", 1), ("a blue square", 2), ("a red ball", 3))
]


@pytest.fixture(scope="module")
def large(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with engines that are said to take 1.2 GB."""
    folder = tmp_path_factory.mktemp("short") / "repository"
    shutil.copytree(repository, folder)
    for model in ENGINES:
        first_bytes = 300 * MB if model == TRANSFORMER else 0
        sizes = (MemoryAt(1, first_bytes, further_bytes=0, output_bytes=0),)
        memory = CpuMemory(resting_bytes=300 * MB, area=None, sizes=sizes)
        memory.save(version_folder(folder, model))
    return folder


@pytest.fixture(scope="module")
def short_of_memory(large: Path) -> Iterator[LocalTriton]:
    """A server of the same engines, which take more than the budget allows."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CPU_PRECISION", "fp32")
        environment.setenv("MEMORY_BUDGET_GB", "1.4")
        with LocalTriton(large) as server:
            yield server


def is_loaded(triton: LocalTriton, model: str) -> bool:
    maps = mapped_files(triton, model)
    return re.search(rf"/{model}/1/{DATA_FILE}$", maps, re.MULTILINE) is not None


def content(videos: list[Video]) -> list[bytes]:
    return [video.frames.tobytes() for video in videos]


def test_it_is_loaded_for_each_prompt_alone_and_the_videos_stay_the_same(
    triton: LocalTriton, short_of_memory: LocalTriton
) -> None:
    for request in REQUESTS:
        videos = [generate_all(each.grpc_address, [request]) for each in (triton, short_of_memory)]
        assert content(videos[0]) == content(videos[1])
        assert not is_loaded(short_of_memory, TEXT_ENCODER.name)
        assert is_loaded(short_of_memory, TRANSFORMER.name)
    assert sum(executions(short_of_memory, TEXT_ENCODER.name).values()) == 2  # a prompt is repeated
    assert is_loaded(triton, TEXT_ENCODER.name)


def test_requests_that_come_at_once_wait_for_each_other(short_of_memory: LocalTriton) -> None:
    one_by_one = [generate_all(short_of_memory.grpc_address, [each])[0] for each in REQUESTS]
    before = executions(short_of_memory, TRANSFORMER.name)

    at_once = generate_all(short_of_memory.grpc_address, REQUESTS)

    assert content(at_once) == content(one_by_one)
    after = executions(short_of_memory, TRANSFORMER.name)
    assert after == before | {1: before[1] + sum(8 for _ in REQUESTS)}  # no batches of two


def test_an_engine_that_is_gone_fails_the_job_and_the_next_one_works_once_it_is_back(
    short_of_memory: LocalTriton, large: Path, tmp_path: Path
) -> None:
    request = REQUESTS[0].model_copy(update={"prompt": "a green cube"})
    generate_all(short_of_memory.grpc_address, REQUESTS[:1])  # afterwards it is not loaded
    weights = version_folder(large, TEXT_ENCODER) / DATA_FILE
    moved = shutil.move(weights, tmp_path)

    with pytest.raises(EngineFailedError, match=r"/model\.onnx\.data is missing: run "):
        generate_all(short_of_memory.grpc_address, [request])

    shutil.move(moved, weights)
    [video] = generate_all(short_of_memory.grpc_address, [request])
    assert len(video.frames) == request.num_frames


@pytest.mark.parametrize("stage", [Stage.TEXT, Stage.DENOISE])
def test_after_a_video_that_is_cancelled_the_next_one_is_whole(
    triton: LocalTriton, short_of_memory: LocalTriton, stage: Stage
) -> None:
    cancelled, following = (
        REQUESTS[0].model_copy(update={"prompt": f"{what} cancelled at {stage}"})
        for what in ("a cube", "a ball after the cube")
    )

    async def cancel_and_go_on() -> Video:
        client = TritonClient(short_of_memory.grpc_address)
        stream = client.generate(cancelled, request_id="cancelled")
        async for message in stream:
            if isinstance(message, Progress) and message.stage is stage:
                break
        await stream.aclose()
        try:
            return await generate(client, following)
        finally:
            await client.close()

    video = asyncio.run(cancel_and_go_on())
    assert content([video]) == content(generate_all(triton.grpc_address, [following]))
    assert not is_loaded(short_of_memory, TEXT_ENCODER.name)


def test_the_service_learns_of_it(triton: LocalTriton, short_of_memory: LocalTriton) -> None:
    memory = describe(short_of_memory.grpc_address).memory
    assert memory
    assert memory.unloads_text_encoder
    assert describe(triton.grpc_address).memory is None  # nothing was measured


def test_the_metric_shows_what_it_holds_between_prompts(
    triton: LocalTriton, short_of_memory: LocalTriton
) -> None:
    for server in (triton, short_of_memory):
        generate_all(server.grpc_address, REQUESTS[:1])

    assert reported_bytes(short_of_memory) < reported_bytes(triton)


def reported_bytes(server: LocalTriton) -> float:
    metrics = httpx.get(server.metrics_url).text
    labels = f'model="{TEXT_ENCODER.name}"'
    [line] = re.findall(rf"^ltx_engine_memory_bytes\{{.*{labels}.*\}} (.+)$", metrics, re.MULTILINE)
    return float(line)
