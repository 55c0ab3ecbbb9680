import asyncio
import shutil
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from demo.evaluation.reference import ReferencePipeline
from frontend.triton import EngineRejectedError, TritonClient
from ltx_triton.contract import LTX_VIDEO, Progress, Stage
from ltx_triton.launcher.local_triton import LocalTriton
from ltx_triton.model_info import EngineLimits, ModelInfo
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import version_folder
from ltx_triton.video_spec import VideoSpec
from tests.model_repository.client import describe, executions, generate_all
from tests.model_repository.client import generate as generate_one

SMALL = VideoSpec(
    prompt="a red ball rolls to the left",
    num_frames=9,
    height=64,
    width=64,
    frame_rate=8.0,
    seed=1,
)


@pytest.mark.parametrize(
    ("num_frames", "height", "width"),
    [(9, 64, 96), (9, 160, 64), (24, 64, 96), (24, 160, 64)],
)
def test_frames_are_those_of_the_diffusers_pipeline(
    triton: LocalTriton, checkpoint_folder: Path, num_frames: int, height: int, width: int
) -> None:
    request = SMALL.model_copy(
        update={"num_frames": num_frames, "height": height, "width": width, "frame_rate": 12.0}
    )

    [video] = generate_all(triton.grpc_address, [request])

    expected = ReferencePipeline(checkpoint_folder).frames(request)
    assert video.frames.shape == (num_frames, height, width, 3)
    assert np.abs(video.frames.astype(int) - expected).max() <= 1
    assert video.frames.std() > 10, "constant frames would prove nothing"


def test_guided_frames_are_those_of_the_diffusers_pipeline(
    repository: Path, checkpoint_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guided = shutil.copytree(repository, tmp_path / "repository")
    settings = version_folder(guided, LTX_VIDEO)
    config = PipelineConfig.load(settings).model_copy(update={"guidance_scale": 3.0})
    config.save(settings)
    monkeypatch.setenv("CPU_PRECISION", "fp32")
    requests = [
        SMALL.model_copy(update={"width": 96, "guidance_scale": 3.0}),
        SMALL.model_copy(
            update={"width": 96, "guidance_scale": 7.5, "negative_prompt": "a still sea, blurry"}
        ),
    ]

    with LocalTriton(guided) as server:
        by_default = SMALL.model_copy(update={"width": 96})
        videos = generate_all(server.grpc_address, [*requests, by_default])
        batches = executions(server, "transformer")
        cut = by_default.model_copy(update={"negative_prompt": "blurry " * 1000})
        [warning] = describe(server.grpc_address, cut).prompt_warnings
        without = cut.model_copy(update={"guidance_scale": 1.0})
        assert describe(server.grpc_address, without).prompt_warnings == ()

    assert warning.startswith("the negative prompt was cut after ")
    reference = ReferencePipeline(checkpoint_folder)
    first, second = map(reference.frames, requests)
    for video, expected in zip(videos, (first, second, first), strict=True):
        assert np.abs(video.frames.astype(int) - expected).max() <= 1
    assert np.abs(first.astype(int) - second).max() > 10
    assert set(batches) <= {2, 4}, "both texts of a step go together"


def test_progress_names_every_stage_and_step_in_order(triton: LocalTriton) -> None:
    [video] = generate_all(triton.grpc_address, [SMALL])

    assert [(progress.stage, progress.step) for progress in video.progress] == [
        (Stage.TEXT, 0),
        *((Stage.DENOISE, step) for step in range(8)),
        (Stage.DECODE, 8),
        (Stage.MP4, 8),
    ]
    assert {progress.total_steps for progress in video.progress} == {8}
    seconds = [progress.seconds for progress in video.progress]
    assert seconds == sorted(seconds)


def test_long_videos_arrive_in_chunks(triton: LocalTriton) -> None:
    [video] = generate_all(
        triton.grpc_address, [SMALL.model_copy(update={"num_frames": 17, "height": 512})]
    )

    assert len(video.chunks) == 1  # 17 x 512 x 64 x 3 bytes are less than a chunk

    [video] = generate_all(
        triton.grpc_address,
        [SMALL.model_copy(update={"num_frames": 17, "height": 512, "width": 512})],
    )

    assert len(video.chunks) == 9  # of two frames, and the last of one
    assert len(video.frames) == 17


@pytest.mark.slow
def test_the_longest_video_fits(triton: LocalTriton) -> None:
    request = SMALL.model_copy(
        update={"num_frames": 257, "height": 512, "width": 512, "num_inference_steps": 1}
    )

    [video] = generate_all(triton.grpc_address, [request])

    assert video.frames.shape == (257, 512, 512, 3)


def test_the_same_seed_gives_the_same_frames_and_another_seed_others(triton: LocalTriton) -> None:
    first, again, other = (
        generate_all(triton.grpc_address, [SMALL.model_copy(update={"seed": seed})])[0].frames
        for seed in (1, 1, 2)
    )

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_prompt_beyond_the_text_length_is_truncated(triton: LocalTriton) -> None:
    request = SMALL.model_copy(update={"prompt": "a red ball " * 500})

    [video] = generate_all(triton.grpc_address, [request])

    assert len(video.frames) == 9


def test_concurrent_jobs_share_batches_and_give_the_frames_of_single_ones(
    triton: LocalTriton,
) -> None:
    requests = [
        SMALL.model_copy(
            update={"seed": seed, "height": 256, "width": 256, "frame_rate": rate, "prompt": prompt}
        )
        for seed, rate, prompt in ((1, 8.0, "one"), (2, 24.0, "two"), (3, 30.0, "three"))
    ]
    alone = [generate_all(triton.grpc_address, [request])[0].frames for request in requests]
    before = executions(triton, "transformer")

    together = [video.frames for video in generate_all(triton.grpc_address, requests)]

    after = executions(triton, "transformer")
    assert any(after[size] > before.get(size, 0) for size in after if size > 1)
    # Not bit-identical: matrix products sum in another order at another batch size.
    for expected, frames in zip(alone, together, strict=True):
        assert np.abs(frames.astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"height": 500}, "height=500 is not possible; allowed: positive multiples of 32"),
        ({"width": 0}, "width=0: Input should be greater than or equal to 1"),
        ({"num_frames": 0}, "num_frames=0: Input should be greater than or equal to 1"),
        ({"frame_rate": 0.0}, r"frame_rate=0\.0: Input should be greater than 0"),
        ({"frame_rate": float("inf")}, "frame_rate=inf: Input should be a finite number"),
        ({"prompt": " "}, "prompt= : is blank"),
        ({"num_inference_steps": 0}, "num_inference_steps=0 is not possible; allowed: 1, 2"),
        ({"seed": -1}, "seed=-1: Input should be greater than or equal to 0"),
        ({"num_inference_steps": 1000}, "num_inference_steps=1000 is not possible; allowed: 1, 2"),
        ({"guidance_scale": 3.0}, "guidance_scale=3 is not possible; allowed: 1, since the "),
        ({"guidance_scale": 0.5}, r"guidance_scale=0\.5: Input should be greater than or equal"),
    ],
)
def test_an_invalid_request_is_refused_with_its_field_and_the_next_one_served(
    triton: LocalTriton, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(EngineRejectedError, match=message):
        generate_all(triton.grpc_address, [SMALL.model_copy(update=change)])

    [video] = generate_all(triton.grpc_address, [SMALL])
    assert len(video.frames) == 9


def test_a_cancelled_job_stops_at_its_next_step_and_the_next_job_works(
    triton: LocalTriton,
) -> None:
    long = SMALL.model_copy(
        update={"num_frames": 81, "height": 512, "width": 512, "num_inference_steps": 50}
    )
    before = sum(executions(triton, "transformer").values())

    async def cancel_after_two_steps() -> None:
        client = TritonClient(triton.grpc_address)
        stream = client.generate(long, request_id="cancelled")
        async for message in stream:
            if isinstance(message, Progress) and message.step == 2:
                break
        await stream.aclose()
        await client.close()

    asyncio.run(cancel_after_two_steps())

    time.sleep(1)
    done = sum(executions(triton, "transformer").values()) - before
    assert 2 <= done <= 4, "two steps reported, one or two more in flight"
    [video] = generate_all(triton.grpc_address, [SMALL])
    assert len(video.frames) == 9
    assert sum(executions(triton, "transformer").values()) - before == done + 8


def test_a_describe_request_returns_the_model_info(
    triton: LocalTriton, config: PipelineConfig
) -> None:
    async def ask() -> ModelInfo | None:
        client = TritonClient(triton.grpc_address)
        try:
            return await client.model_info()
        finally:
            await client.close()

    info = asyncio.run(ask())

    assert info is not None
    assert (info.model_name, info.device, info.precision) == ("hub/tiny", "cpu", "fp32")
    assert info.checkpoint_sha256 == config.checkpoint_sha256
    assert info.limits == EngineLimits.of(config)


def test_pings_during_a_silent_stage_do_not_end_the_stream(triton: LocalTriton) -> None:
    async def generate() -> int:
        client = TritonClient(triton.grpc_address, ping_seconds=0.05)
        large = SMALL.model_copy(update={"height": 512, "width": 512, "num_frames": 33})
        try:
            return len((await generate_one(client, large)).frames)
        finally:
            await client.close()

    assert asyncio.run(generate()) == 33


def test_metrics_report_checkpoint_device_and_memory_of_each_engine(
    triton: LocalTriton,
) -> None:
    text = httpx.get(triton.metrics_url).text

    [info] = [line for line in text.splitlines() if line.startswith("ltx_model_info{")]
    assert 'model_name="hub/tiny"' in info
    assert 'device="cpu"' in info
    for model in ("text_encoder", "transformer", "vae_decoder"):
        [line] = [
            line
            for line in text.splitlines()
            if line.startswith(f'ltx_engine_memory_bytes{{device="cpu",model="{model}"}}')
        ]
        assert float(line.split()[-1]) > 10 * 2**20
