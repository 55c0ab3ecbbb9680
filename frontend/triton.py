"""The client of Triton: video specs in, typed messages and errors out."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import grpc  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import InferInput, InferResult
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException, triton_to_np_dtype

from frontend.engine_pace import EnginePace
from ltx_triton.contract import (
    LTX_VIDEO,
    MODELS,
    ErrorKind,
    Progress,
    Stage,
    means_engine_lost,
)
from ltx_triton.model_info import ModelInfo
from ltx_triton.video_spec import VideoSpec

Frames = NDArray[np.uint8]  # [N, height, width, 3], RGB
Message = ModelInfo | Progress | Frames

_READINESS_TIMEOUT = 5.0  # seconds
_INFO_MAX_AGE = 5.0  # seconds; Triton takes longer to restart with another checkpoint
_CHANNEL_OPTIONS = [
    # Detect a vanished server within 30 s, with the pings that `ping_seconds` sets.
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    # Reconnect soon after a restart of Triton.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # A container that is started again may have another address; gRPC would ask after 30 s.
    ("grpc.dns_min_time_between_resolutions_ms", 2_000),
    ("grpc.max_receive_message_length", -1),
    ("grpc.enable_http_proxy", 0),  # Triton is on this machine or its network
]

_INPUTS = {tensor.name: tensor for tensor in LTX_VIDEO.inputs}
_PROMPT_FIELDS = {"prompt", "negative_prompt", "guidance_scale"}  # what is read, and whether
_SERVER_STOPS_MESSAGE = "not ready"  # "Server not ready": it lets no engine call begin any more
_SHARED_MEMORY_MESSAGE = "increase the shared memory pool size"
_OUT_OF_MEMORY_MESSAGES = ("out of memory", "out_of_memory", "outofmemory", "bad_alloc")

_log = logging.getLogger(__name__)


class EngineError(Exception):
    """`ltx_video` did not deliver the video."""


class EngineUnavailableError(EngineError):
    """Triton or a model is unavailable; the same request may succeed later."""


class EngineStoppingError(EngineUnavailableError):
    """Triton exits as it was told to; the request is not to blame."""


class EngineRejectedError(EngineError):
    """The engine cannot serve this request."""


class EngineOutOfMemoryError(EngineError):
    """The request needs more memory than the engine has."""


class EngineFailedError(EngineError):
    """The engine failed on this request."""


class TritonClient:
    """A connection to Triton, bound to one event loop."""

    def __init__(
        self, address: str, pace: EnginePace | None = None, ping_seconds: float = 20.0
    ) -> None:
        options = [*_CHANNEL_OPTIONS, ("grpc.keepalive_time_ms", int(1000 * ping_seconds))]
        self._client = InferenceServerClient(address, channel_args=options)
        self.pace = pace or EnginePace()
        self.last_info: ModelInfo | None = None  # however long ago
        self._info_at = 0.0

    async def close(self) -> None:
        """Close the connection and cancel its requests."""
        await self._client.close()

    async def readiness_error(self) -> str | None:
        """Return why videos cannot be generated now; None if Triton and all models are ready."""
        try:
            answers = await asyncio.gather(
                *(
                    self._client.is_model_ready(model.name, client_timeout=_READINESS_TIMEOUT)
                    for model in MODELS
                )
            )
        except InferenceServerException as error:
            return f"Triton cannot be reached: {error.status().removeprefix('StatusCode.')}"
        waiting = [model.name for model, ready in zip(MODELS, answers, strict=True) if not ready]
        return f"not ready in Triton: {', '.join(waiting)}" if waiting else None

    async def is_live(self) -> bool:
        """Return whether Triton answers, with or without models."""
        try:
            return bool(await self._client.is_server_live(client_timeout=_READINESS_TIMEOUT))
        except InferenceServerException:
            return False

    async def model_info(self) -> ModelInfo | None:
        """Ask which model is loaded; None while Triton does not answer."""
        if self.last_info and time.monotonic() - self._info_at <= _INFO_MAX_AGE:
            return self.last_info
        return await self._describe([])

    async def prompt_info(self, spec: VideoSpec) -> ModelInfo | None:
        """Ask which model is loaded and what it does not know of the prompts."""
        given = spec.model_dump(include=_PROMPT_FIELDS, exclude_none=True)
        return await self._describe([_input(name, value) for name, value in given.items()])

    async def _describe(self, inputs: list[InferInput]) -> ModelInfo | None:
        info: ModelInfo | None = None
        stream = self._stream([_input("describe", True), *inputs], "", _READINESS_TIMEOUT)
        try:
            async with aclosing(stream):
                async for message in stream:
                    if isinstance(message, ModelInfo):
                        info = message
                        self.last_info = info.model_copy(update={"prompt_warnings": ()})
                        self._info_at = time.monotonic()
        except EngineError as error:
            _log.warning("Triton did not return its model info: %s", error)
        return info

    async def generate(self, spec: VideoSpec, request_id: str) -> AsyncGenerator[Message, None]:
        """Generate a video; yield the model info, then progress, then the frames in chunks.

        Closing or cancelling the iteration cancels the request in Triton.

        Raises:
            EngineError: always one of its subclasses.
        """
        inputs = [
            _input(name, value)
            for name, value in spec.model_dump(exclude_none=True).items()
            if name in _INPUTS
        ]
        frames = 0
        stepped = time.monotonic()
        timeout = self.pace.allowed_silence()
        async with aclosing(self._stream(inputs, request_id, timeout)) as stream:
            async for message in stream:
                if isinstance(message, Progress):
                    now = time.monotonic()
                    if message.step > 1:  # behind the first are the text and the start
                        self.pace.record_step(spec, now - stepped)
                    stepped = now
                if not isinstance(message, ModelInfo | Progress):
                    frames += len(message)
                yield message
        if frames != spec.num_frames:
            raise EngineUnavailableError(
                f"the stream ended after {frames} of {spec.num_frames} frames"
            )

    async def _stream(
        self, inputs: list[InferInput], request_id: str, idle_timeout: float
    ) -> AsyncGenerator[Message, None]:
        async def requests() -> AsyncIterator[dict[str, Any]]:
            yield {"model_name": LTX_VIDEO.name, "request_id": request_id, "inputs": inputs}

        stream = self._client.stream_infer(requests())
        failure: EngineError | None = None
        ended = False
        try:
            while (answer := await _receive(stream, idle_timeout)) is not None:
                result, error = answer
                if error is None:
                    for message in _messages(result):
                        yield message
                else:
                    # Read to the end: cancelling a stream after its error but before its end would
                    # delay Triton's exit.
                    failure = _engine_error(error.message())
            ended = True
        except grpc.aio.AioRpcError as error:
            raise EngineUnavailableError(error.details() or error.code().name) from error
        finally:
            if not ended:
                stream.cancel()
        if failure:
            raise failure


async def _receive(
    stream: Any, idle_timeout: float
) -> tuple[InferResult, InferenceServerException] | None:
    try:
        # Not wait_for, which drops a cancellation that meets a message.
        async with asyncio.timeout(idle_timeout):
            answer: tuple[InferResult, InferenceServerException] | None = await anext(stream, None)
            return answer
    except TimeoutError:
        raise EngineUnavailableError(
            f"the engines hang: nothing arrived for {idle_timeout:.0f} s"
        ) from None


def _engine_error(message: str) -> EngineError:
    kind, separator, text = message.partition(": ")
    if not separator or kind not in ErrorKind.__members__:
        kind, text = ErrorKind.FAILED, message
    lowered = text.lower()
    if _SHARED_MEMORY_MESSAGE in lowered:
        return EngineFailedError(
            "The engines ran out of shared memory: try fewer frames or pixels, make room in "
            "/dev/shm, or give a container more with --shm-size"
        )
    if any(phrase in lowered for phrase in _OUT_OF_MEMORY_MESSAGES):
        return EngineOutOfMemoryError(text)
    if _SERVER_STOPS_MESSAGE in lowered:
        return EngineStoppingError(text)
    if kind == ErrorKind.ENGINE_LOST or means_engine_lost(text):
        return EngineUnavailableError(text)
    if kind == ErrorKind.INVALID_REQUEST:
        return EngineRejectedError(text)
    return EngineFailedError(text)


def _input(name: str, value: Any) -> InferInput:
    tensor = _INPUTS[name]
    infer_input = InferInput(name, list(tensor.dims), tensor.datatype)
    array = np.array([value.encode() if isinstance(value, str) else value])
    infer_input.set_data_from_numpy(array.astype(triton_to_np_dtype(tensor.datatype)))
    return infer_input


def _messages(result: InferResult) -> list[Message]:
    values = {tensor.name: result.as_numpy(tensor.name) for tensor in LTX_VIDEO.outputs}
    messages: list[Message] = []
    if values["model_info"] is not None:
        messages.append(ModelInfo.model_validate_json(values["model_info"].item()))
    if values["stage"] is not None:
        messages.append(
            Progress(
                stage=Stage(values["stage"].item().decode()),
                step=values["step"].item(),
                total_steps=values["total_steps"].item(),
                seconds=values["seconds"].item(),
            )
        )
    if values["frames"] is not None:
        messages.append(values["frames"])
    return messages
