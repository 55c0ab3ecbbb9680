import asyncio

import grpc  # type: ignore[import-untyped]
import numpy as np
import pytest

from frontend.engine_pace import EnginePace
from frontend.triton import (
    EngineError,
    EngineFailedError,
    EngineOutOfMemoryError,
    EngineRejectedError,
    EngineStoppingError,
    EngineUnavailableError,
    Message,
    TritonClient,
)
from ltx_triton.contract import Progress, Stage
from ltx_triton.video_spec import VideoSpec
from tests.frontend.conftest import wait_until
from tests.frontend.fake_triton import FakeTriton, Fault, make_frames

REQUEST = VideoSpec(
    prompt="Ein Schloß 🏰", num_frames=12, height=64, width=96, frame_rate=12.0, seed=2**63 - 1
)


async def generate(address: str, pace: EnginePace | None = None) -> list[Message]:
    client = TritonClient(address, pace)
    try:
        return [message async for message in client.generate(REQUEST, "0badcafe")]
    finally:
        await client.close()


def test_a_request_arrives_as_it_was_sent_and_so_do_progress_and_frames(
    fake_triton: FakeTriton,
) -> None:
    messages = asyncio.run(generate(fake_triton.address))
    assert fake_triton.seen[0].request == REQUEST
    progress = [message for message in messages if isinstance(message, Progress)]
    assert [(message.stage, message.step) for message in progress] == [
        (Stage.TEXT, 0),
        *((Stage.DENOISE, step) for step in range(4)),
        (Stage.DECODE, 4),
        (Stage.MP4, 4),
    ]
    assert all(message.total_steps == 4 for message in progress)
    frames = [message for message in messages if isinstance(message, np.ndarray)]
    assert len(frames) == 2
    assert np.array_equal(np.concatenate(frames), make_frames(REQUEST))


@pytest.mark.parametrize(
    ("message", "error", "text"),
    [
        ("ENGINE_LOST: transformer is gone", EngineUnavailableError, "transformer is gone"),
        ("INVALID_REQUEST: height=65: no", EngineRejectedError, "height=65: no"),
        ("FAILED: latents are not finite", EngineFailedError, "latents are not finite"),
        ("FAILED: CUDA: out of memory", EngineOutOfMemoryError, "CUDA: out of memory"),
        ("std::bad_alloc", EngineOutOfMemoryError, "std::bad_alloc"),
        ("'ltx_video' is not found", EngineUnavailableError, "'ltx_video' is not found"),
        ("Stub 'x' is not healthy.", EngineUnavailableError, "Stub 'x' is not healthy."),
        ("Model x: Server not ready", EngineStoppingError, "Model x: Server not ready"),
        (
            "FAILED: Failed to process the request(s) for model 'vae_decoder_0_0', message: Failed "
            "to increase the shared memory pool size for key 'ltx_triton_1_7' to 67108864 bytes. "
            "If you are running Triton inside docker, use '--shm-size' flag to control the shared "
            "memory region size. Error: No space left on device",
            EngineFailedError,
            "The engines ran out of shared memory: try fewer frames or pixels, make room in "
            "/dev/shm, or give a container more with --shm-size",
        ),
        ("anything else", EngineFailedError, "anything else"),
    ],
)
def test_error_messages_become_typed_errors(
    message: str, error: type[EngineError], text: str, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.ERROR_MESSAGE]
    fake_triton.message = message
    with pytest.raises(error) as raised:
        asyncio.run(generate(fake_triton.address))
    assert type(raised.value) is error
    assert str(raised.value) == text


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL])
def test_a_stream_that_breaks_is_an_unavailable_engine(
    code: grpc.StatusCode, fake_triton: FakeTriton
) -> None:
    fake_triton.faults = [Fault.ABORT]
    fake_triton.code = code
    with pytest.raises(EngineUnavailableError):
        asyncio.run(generate(fake_triton.address))


def test_a_stream_that_ends_early_is_an_unavailable_engine(fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.EARLY_END]
    with pytest.raises(EngineUnavailableError, match="ended after 0 of 12 frames"):
        asyncio.run(generate(fake_triton.address))


def test_a_silent_stream_is_given_up_and_cancelled(
    fake_triton: FakeTriton, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EnginePace, "allowed_silence", lambda _: 0.3)
    fake_triton.faults = [Fault.HANG]
    with pytest.raises(EngineUnavailableError, match="nothing arrived"):
        asyncio.run(generate(fake_triton.address))
    wait_until(lambda: fake_triton.seen[0].cancelled)


def test_a_server_that_vanishes_in_mid_stream_is_noticed(fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.HANG]

    async def lose() -> None:
        running = asyncio.create_task(generate(fake_triton.address))
        await asyncio.to_thread(wait_until, lambda: bool(fake_triton.seen))
        await asyncio.to_thread(fake_triton.stop)
        await running

    with pytest.raises(EngineUnavailableError):
        asyncio.run(lose())


def test_no_server_is_an_unavailable_engine() -> None:
    with pytest.raises(EngineUnavailableError):
        asyncio.run(generate("127.0.0.1:9"))


def test_cancelling_the_task_cancels_the_request_in_triton(fake_triton: FakeTriton) -> None:
    fake_triton.faults = [Fault.HANG]

    async def cancel() -> None:
        running = asyncio.create_task(generate(fake_triton.address))
        await asyncio.to_thread(wait_until, lambda: bool(fake_triton.seen))
        running.cancel()
        await running

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())
    wait_until(lambda: fake_triton.seen[0].cancelled)


def test_readiness_names_what_is_missing(fake_triton: FakeTriton) -> None:
    async def reason() -> tuple[str | None, bool]:
        client = TritonClient(fake_triton.address)
        try:
            return await client.readiness_error(), await client.is_live()
        finally:
            await client.close()

    assert asyncio.run(reason()) == (None, True)
    fake_triton.not_ready_models = {"transformer", "ltx_video"}
    assert asyncio.run(reason()) == ("not ready in Triton: transformer, ltx_video", True)
    fake_triton.stop()
    assert asyncio.run(reason()) == ("Triton cannot be reached: UNAVAILABLE", False)


def test_a_proxy_of_the_environment_is_not_used(
    fake_triton: FakeTriton, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)

    asyncio.run(generate(fake_triton.address))

    assert len(fake_triton.seen) == 1


def test_the_steps_of_a_video_measure_the_engines(fake_triton: FakeTriton) -> None:
    fake_triton.step_seconds = 0.2
    pace = EnginePace(largest=2**30)
    asyncio.run(generate(fake_triton.address, pace))
    # A step of 0.2 s counts as one of 2**19 pixels.
    assert 10 * 0.2 * 2**11 < pace.allowed_silence() < 10 * 0.4 * 2**11
