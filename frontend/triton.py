"""The boundary to Triton: typed requests in, typed messages and typed errors out."""

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
    # A server that vanished without a word is noticed within 30 s.
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    # Come back soon after Triton has restarted.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.max_receive_message_length", -1),
    ("grpc.enable_http_proxy", 0),  # Triton is on this machine or network
]

_INPUTS = {tensor.name: tensor for tensor in LTX_VIDEO.inputs}
_OUT_OF_MEMORY = ("out of memory", "out_of_memory", "outofmemory", "bad_alloc")

_log = logging.getLogger(__name__)


class EngineError(Exception):
    """`ltx_video` did not deliver the video."""


class EngineUnavailableError(EngineError):
    """Triton or the model went away; the same request may succeed later."""


class EngineRejectedError(EngineError):
    """The engine does not take this request."""


class EngineOutOfMemoryError(EngineError):
    """The request needs more memory than the engine has."""


class EngineFailedError(EngineError):
    """The engine failed at this request."""


class TritonClient:
    """One connection to Triton, for one event loop."""

    def __init__(
        self, address: str, silence_timeout: float = 600.0, ping_seconds: float = 20.0
    ) -> None:
        options = [*_CHANNEL_OPTIONS, ("grpc.keepalive_time_ms", int(1000 * ping_seconds))]
        self._client = InferenceServerClient(address, channel_args=options)
        self._silence_timeout = silence_timeout
        self._info: ModelInfo | None = None
        self._info_at = 0.0

    async def close(self) -> None:
        """Close the connection and everything that runs on it."""
        await self._client.close()

    async def readiness_error(self) -> str | None:
        """Say why no video can be made now; None when Triton and all models are ready."""
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
        """Whether Triton answers at all, models loaded or not."""
        try:
            return bool(await self._client.is_server_live(client_timeout=_READINESS_TIMEOUT))
        except InferenceServerException:
            return False

    async def model_info(self) -> ModelInfo | None:
        """Ask what is loaded; None when Triton cannot tell now."""
        if self._info is None or time.monotonic() - self._info_at > _INFO_MAX_AGE:
            self._info = None
            stream = self._stream([_input("describe", True)], "", _READINESS_TIMEOUT)
            try:
                async with aclosing(stream):
                    async for message in stream:
                        if isinstance(message, ModelInfo):
                            self._info, self._info_at = message, time.monotonic()
            except EngineError as error:
                _log.warning("Triton does not say what it has loaded: %s", error)
        return self._info

    async def generate(self, spec: VideoSpec, request_id: str) -> AsyncGenerator[Message, None]:
        """Generate a video: what makes it, its progress as it happens, its frames in chunks.

        Closing or cancelling the iteration cancels the request inside Triton.

        Raises:
            EngineError: one of its kinds above.
        """
        inputs = [
            _input(name, value)
            for name, value in spec.model_dump(exclude_none=True).items()
            if name in _INPUTS
        ]
        frames = 0
        async with aclosing(self._stream(inputs, request_id, self._silence_timeout)) as stream:
            async for message in stream:
                if not isinstance(message, ModelInfo | Progress):
                    frames += len(message)
                yield message
        if frames != spec.num_frames:
            raise EngineUnavailableError(
                f"the stream ended after {frames} of {spec.num_frames} frames"
            )

    async def _stream(
        self, inputs: list[InferInput], request_id: str, silence_timeout: float
    ) -> AsyncGenerator[Message, None]:
        async def requests() -> AsyncIterator[dict[str, Any]]:
            yield {"model_name": LTX_VIDEO.name, "request_id": request_id, "inputs": inputs}

        stream = self._client.stream_infer(requests())
        failure: EngineError | None = None
        at_end = False
        try:
            while (answer := await _next(stream, silence_timeout)) is not None:
                result, error = answer
                if error is None:
                    for message in _messages(result):
                        yield message
                else:
                    # Read on to the end: a stream cancelled between its error and its end holds
                    # up Triton's exit.
                    failure = _engine_error(error.message())
            at_end = True
        except grpc.aio.AioRpcError as error:
            raise EngineUnavailableError(error.details() or error.code().name) from error
        finally:
            if not at_end:
                stream.cancel()
        if failure:
            raise failure


async def _next(
    stream: Any, silence_timeout: float
) -> tuple[InferResult, InferenceServerException] | None:
    try:
        return await asyncio.wait_for(anext(stream, None), silence_timeout)
    except TimeoutError:
        raise EngineUnavailableError(
            f"nothing arrived from the engine for {silence_timeout:g} s"
        ) from None


def _engine_error(message: str) -> EngineError:
    kind, separator, text = message.partition(": ")
    if not separator or kind not in ErrorKind.__members__:
        kind, text = ErrorKind.FAILED, message
    lowered = text.lower()
    if any(sign in lowered for sign in _OUT_OF_MEMORY):
        return EngineOutOfMemoryError(text)
    if kind == ErrorKind.ENGINE_LOST or means_engine_lost(text):
        return EngineUnavailableError(text)
    if kind == ErrorKind.INVALID_REQUEST:
        return EngineRejectedError(text)
    return EngineFailedError(text)


def _input(name: str, value: Any) -> InferInput:
    tensor = _INPUTS[name]
    given = InferInput(name, list(tensor.dims), tensor.datatype)
    array = np.array([value.encode() if isinstance(value, str) else value])
    given.set_data_from_numpy(array.astype(triton_to_np_dtype(tensor.datatype)))
    return given


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
