"""The boundary to Triton: typed requests in, typed messages and typed errors out."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
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
    VideoRequest,
    says_engine_is_gone,
)

Frames = NDArray[np.uint8]  # [N, height, width, 3], RGB

_READINESS_TIMEOUT = 5.0  # seconds
_CHANNEL_OPTIONS = [
    # A server that vanished without a word is noticed within 30 s.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    # Come back soon after Triton has restarted.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.max_receive_message_length", -1),
    ("grpc.enable_http_proxy", 0),  # Triton is on this machine or network
]

_OUT_OF_MEMORY = ("out of memory", "out_of_memory", "outofmemory", "bad_alloc")


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

    def __init__(self, address: str, silence_timeout: float = 600.0) -> None:
        self._client = InferenceServerClient(address, channel_args=_CHANNEL_OPTIONS)
        self._silence_timeout = silence_timeout

    async def close(self) -> None:
        """Close the connection and everything that runs on it."""
        await self._client.close()

    async def not_ready_reason(self) -> str | None:
        """Why no video can be made now; None when Triton and all models are ready."""
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

    async def generate(
        self, request: VideoRequest, request_id: str
    ) -> AsyncGenerator[Progress | Frames, None]:
        """Generate a video: its progress as it happens, then its frames in chunks.

        Closing or cancelling the iteration cancels the request inside Triton.

        Raises:
            EngineError: one of its kinds above.
        """

        async def requests() -> AsyncIterator[dict[str, Any]]:
            yield {
                "model_name": LTX_VIDEO.name,
                "request_id": request_id,
                "inputs": _inputs(request),
            }

        stream = self._client.stream_infer(requests())
        failure: EngineError | None = None
        frames = 0
        at_end = False
        try:
            while (answer := await self._next(stream)) is not None:
                result, error = answer
                if error is None:
                    for message in _messages(result):
                        frames += 0 if isinstance(message, Progress) else len(message)
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
        if frames != request.num_frames:
            raise EngineUnavailableError(
                f"the stream ended after {frames} of {request.num_frames} frames"
            )

    async def _next(self, stream: Any) -> tuple[InferResult, InferenceServerException] | None:
        try:
            return await asyncio.wait_for(anext(stream, None), self._silence_timeout)
        except TimeoutError:
            raise EngineUnavailableError(
                f"nothing arrived from the engine for {self._silence_timeout:g} s"
            ) from None


def _engine_error(message: str) -> EngineError:
    kind, separator, text = message.partition(": ")
    if not separator or kind not in ErrorKind.__members__:
        kind, text = ErrorKind.FAILED, message
    lowered = text.lower()
    if any(sign in lowered for sign in _OUT_OF_MEMORY):
        return EngineOutOfMemoryError(text)
    if kind == ErrorKind.ENGINE_LOST or says_engine_is_gone(text):
        return EngineUnavailableError(text)
    if kind == ErrorKind.INVALID_REQUEST:
        return EngineRejectedError(text)
    return EngineFailedError(text)


def _inputs(request: VideoRequest) -> list[InferInput]:
    inputs = []
    for tensor in LTX_VIDEO.inputs:
        value = getattr(request, tensor.name)
        if value is None:
            continue
        if isinstance(value, str):
            value = value.encode()
        given = InferInput(tensor.name, list(tensor.dims), tensor.datatype)
        given.set_data_from_numpy(
            np.array([value], triton_to_np_dtype(tensor.datatype)).reshape(tensor.dims)
        )
        inputs.append(given)
    return inputs


def _messages(result: InferResult) -> list[Progress | Frames]:
    """What a response carries: a progress message or frames."""
    values = {tensor.name: result.as_numpy(tensor.name) for tensor in LTX_VIDEO.outputs}
    messages: list[Progress | Frames] = []
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
