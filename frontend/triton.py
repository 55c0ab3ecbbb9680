"""The boundary to Triton: typed requests in, typed messages and typed errors out.

Speaks the KServe v2 gRPC protocol with the message classes of `tritonclient`, whose asyncio client
cannot ask for the final response of a decoupled model to be marked.
"""

import asyncio
import struct
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from typing import Any

import grpc  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import service_pb2, service_pb2_grpc

from ltx_triton.contract import LTX_VIDEO, MODELS, ErrorKind, Progress, Stage, VideoRequest

Frames = NDArray[np.uint8]  # [N, height, width, 3], RGB

_READINESS_TIMEOUT = 5.0  # seconds
_CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # A server that vanished without a word is noticed within 30 s.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    # Come back soon after Triton has restarted.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)
_OUT_OF_MEMORY = ("out of memory", "out_of_memory", "outofmemory", "bad_alloc")
_GONE_CODES = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.NOT_FOUND,  # the model has been unloaded
    grpc.StatusCode.CANCELLED,  # by the server: we do not listen to calls that we cancel
    grpc.StatusCode.DEADLINE_EXCEEDED,
)
# In what Triton itself answers, without any code.
_GONE = ("stub process", "not healthy", "is not ready", "unknown model", "unavailable")


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
        self._channel = grpc.aio.insecure_channel(address, options=_CHANNEL_OPTIONS)
        self._stub: Any = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)
        self._silence_timeout = silence_timeout

    async def close(self) -> None:
        """Close the connection and everything that runs on it."""
        await self._channel.close()

    async def not_ready_reason(self) -> str | None:
        """Why no video can be made now; None when Triton and all models are ready."""
        try:
            live = await self._stub.ServerLive(
                service_pb2.ServerLiveRequest(), timeout=_READINESS_TIMEOUT
            )
            if not live.live:
                return "Triton is not live"
            answers = await asyncio.gather(
                *(
                    self._stub.ModelReady(
                        service_pb2.ModelReadyRequest(name=model.name), timeout=_READINESS_TIMEOUT
                    )
                    for model in MODELS
                )
            )
        except grpc.aio.AioRpcError as error:
            return f"Triton cannot be reached: {error.code().name}"
        waiting = [model.name for model, answer in zip(MODELS, answers, strict=True)
                   if not answer.ready]  # fmt: skip
        return f"not ready in Triton: {', '.join(waiting)}" if waiting else None

    async def is_live(self) -> bool:
        """Whether Triton answers at all, models loaded or not."""
        with suppress(grpc.aio.AioRpcError):
            answer = await self._stub.ServerLive(
                service_pb2.ServerLiveRequest(), timeout=_READINESS_TIMEOUT
            )
            return bool(answer.live)
        return False

    async def generate(
        self, request: VideoRequest, request_id: str
    ) -> AsyncGenerator[Progress | Frames, None]:
        """Generate a video: its progress as it happens, then its frames in chunks.

        Closing or cancelling the iteration cancels the request inside Triton.

        Raises:
            EngineError: one of its kinds above.
        """
        finished = asyncio.Event()

        async def messages() -> AsyncIterator[Any]:
            yield _encode(request, request_id)
            await finished.wait()  # closing our half early would end the call before its time

        call = self._stub.ModelStreamInfer(messages())
        try:
            while True:
                response = await self._next(call)
                for message in _decode(response):
                    yield message
                if _is_final(response):
                    return
        except grpc.aio.AioRpcError as error:
            raise _call_error(error.code(), error.details() or error.code().name) from error
        finally:
            finished.set()
            call.cancel()

    async def _next(self, call: Any) -> Any:
        try:
            response = await asyncio.wait_for(call.read(), self._silence_timeout)
        except TimeoutError:
            raise EngineUnavailableError(
                f"nothing arrived from the engine for {self._silence_timeout:g} s"
            ) from None
        if response is grpc.aio.EOF:
            raise EngineUnavailableError("the stream ended before the video was complete")
        if response.error_message:
            raise _message_error(response.error_message)
        return response.infer_response


def _call_error(code: grpc.StatusCode, details: str) -> EngineError:
    """The gRPC call ended with an error."""
    if code in _GONE_CODES:
        return EngineUnavailableError(details)
    return _message_error(details)


def _message_error(message: str) -> EngineError:
    """The model answered "KIND: text", or Triton in words of its own."""
    kind, _, text = message.partition(": ")
    if kind not in list(ErrorKind):
        kind, text = ErrorKind.FAILED, message
    lowered = text.lower()
    if any(sign in lowered for sign in _OUT_OF_MEMORY):
        return EngineOutOfMemoryError(text)
    if kind == ErrorKind.INVALID_REQUEST:
        return EngineRejectedError(text)
    if kind == ErrorKind.ENGINE_LOST or any(sign in lowered for sign in _GONE):
        return EngineUnavailableError(text)
    return EngineFailedError(text)


def _encode(request: VideoRequest, request_id: str) -> Any:
    prompt = request.prompt.encode()
    values = {
        "prompt": struct.pack("<I", len(prompt)) + prompt,
        "num_frames": struct.pack("<i", request.num_frames),
        "height": struct.pack("<i", request.height),
        "width": struct.pack("<i", request.width),
        "frame_rate": struct.pack("<f", request.frame_rate),
        "seed": struct.pack("<q", request.seed),
    }
    if request.num_inference_steps is not None:
        values["num_inference_steps"] = struct.pack("<i", request.num_inference_steps)
    message = service_pb2.ModelInferRequest(model_name=LTX_VIDEO.name, id=request_id)
    message.parameters["triton_enable_empty_final_response"].bool_param = True
    for tensor in LTX_VIDEO.inputs:
        if tensor.name in values:
            message.inputs.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.dims)
            message.raw_input_contents.append(values[tensor.name])
    return message


def _decode(response: Any) -> list[Progress | Frames]:
    """What a response carries: a progress message, frames, both or neither."""
    raw = {
        output.name: (tuple(output.shape), content)
        for output, content in zip(response.outputs, response.raw_output_contents, strict=True)
    }
    messages: list[Progress | Frames] = []
    if "stage" in raw:
        messages.append(
            Progress(
                stage=Stage(raw["stage"][1][4:].decode()),  # after the four bytes of its length
                step=_number(raw, "step", "<i"),
                total_steps=_number(raw, "total_steps", "<i"),
                seconds=_number(raw, "seconds", "<f"),
            )
        )
    if "frames" in raw:
        shape, content = raw["frames"]
        if shape[0] > 0:
            messages.append(np.frombuffer(content, np.uint8).reshape(shape))
    return messages


def _number(raw: dict[str, tuple[tuple[int, ...], bytes]], name: str, layout: str) -> Any:
    return struct.unpack(layout, raw[name][1])[0] if name in raw else 0


def _is_final(response: Any) -> bool:
    return bool(response.parameters["triton_final_response"].bool_param)
