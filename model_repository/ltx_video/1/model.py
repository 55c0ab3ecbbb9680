"""`ltx_video`: the denoising loop as a decoupled model that calls the engines through BLS."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils
from numpy.typing import NDArray

from ltx_triton.contract import (
    LTX_VIDEO,
    TRANSFORMER,
    ErrorKind,
    ModelContract,
    Progress,
    VideoRequest,
    says_engine_is_gone,
)
from ltx_triton.engines.device import select_device
from ltx_triton.engines.session import Arrays
from ltx_triton.engines.tensorrt.plan import require_checkpoint
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.pipeline.loop import CancelledError, DenoisingLoop, InvalidRequestError
from ltx_triton.pipeline.tokenizer import PromptTokenizer
from ltx_triton.repository.layout import version_folder

# Frames leave in responses of about this size, so that the longest video needs neither one huge
# message nor a second copy of itself in shared memory, and the first can be encoded while the next
# are on their way.
CHUNK_BYTES = 2 * 2**20


class EngineError(RuntimeError):
    """An engine model answered with an error."""


class EngineLostError(EngineError):
    """The process of an engine model died, or the server exits."""


class TritonPythonModel:
    """Streams progress after every piece of work, then the frames. See `LTX_VIDEO`."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load what the exporter has left beside this file."""
        folder = Path(args["model_repository"]) / args["model_version"]
        config = PipelineConfig.load(folder)
        repository = folder.parent.parent
        require_checkpoint(repository, config)
        self._loop = DenoisingLoop(config, PromptTokenizer(folder, config), _BlsEngines())
        device = select_device(version_folder(repository, TRANSFORMER))
        family = pb_utils.MetricFamily(
            name="ltx_model_info",
            description="The checkpoint being served and the device it runs on",
            kind=pb_utils.MetricFamily.GAUGE,
        )
        metric = family.Metric(
            labels={
                "model_name": config.model_name,
                "checkpoint_sha256": config.checkpoint_sha256,
                "device": device.kind,
                "device_name": device.name,
            }
        )
        metric.set(1)
        self._metrics = (family, metric)  # both live as long as they are referenced

    async def execute(self, requests: list[Any]) -> None:
        """Serve the requests side by side; their steps meet in the engines' batchers."""
        await asyncio.gather(*(self._serve(request) for request in requests))

    async def _serve(self, request: Any) -> None:
        sender = request.get_response_sender()
        error: tuple[ErrorKind, str] | None = None

        def report(progress: Progress) -> None:
            # Soon: when the next engine has been called, which is not to wait for this.
            response = _progress_response(progress)
            asyncio.get_running_loop().call_soon(sender.send, response)

        try:
            frames = await self._loop.generate(
                _read(request), report=report, is_cancelled=sender.is_cancelled
            )
            await asyncio.sleep(0)  # until the last progress has been sent
            for chunk in _chunks(frames):
                if sender.is_cancelled():
                    break
                sender.send(pb_utils.InferenceResponse([pb_utils.Tensor("frames", chunk)]))
                await asyncio.sleep(0)  # the steps of other jobs go on meanwhile
        except CancelledError:
            pass  # nobody listens any more
        except InvalidRequestError as problem:
            error = (ErrorKind.INVALID_REQUEST, str(problem))
        except EngineLostError as problem:
            error = (ErrorKind.ENGINE_LOST, str(problem))
        except Exception as problem:
            error = (ErrorKind.FAILED, str(problem))
        await asyncio.sleep(0)
        if error is not None and not sender.is_cancelled():
            message = pb_utils.TritonError(": ".join(error))
            sender.send(pb_utils.InferenceResponse(error=message))
        sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)


class _BlsEngines:
    """Calls the engine models of this server."""

    async def run(self, model: ModelContract, inputs: Arrays) -> dict[str, NDArray[Any]]:
        request = pb_utils.InferenceRequest(
            model_name=model.name,
            requested_output_names=[tensor.name for tensor in model.outputs],
            inputs=[pb_utils.Tensor(name, array) for name, array in inputs.items()],
            # Triton's TensorRT backend would leave them on the GPU, where numpy cannot read them.
            preferred_memory=pb_utils.PreferredMemory(pb_utils.TRITONSERVER_MEMORY_CPU, 0),
        )
        response = await request.async_exec()
        if response.has_error():
            message = response.error().message()
            raise (EngineLostError if says_engine_is_gone(message) else EngineError)(message)
        return {
            tensor.name: pb_utils.get_output_tensor_by_name(response, tensor.name).as_numpy()
            for tensor in model.outputs
        }


def _read(request: Any) -> VideoRequest:
    values: dict[str, Any] = {}
    for tensor in LTX_VIDEO.inputs:
        given = pb_utils.get_input_tensor_by_name(request, tensor.name)
        if given is not None:
            values[tensor.name] = given.as_numpy().item()
    try:
        values["prompt"] = values["prompt"].decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequestError("prompt: must be UTF-8") from error
    return VideoRequest(**values)


def _progress_response(progress: Progress) -> Any:
    return pb_utils.InferenceResponse(
        [
            pb_utils.Tensor("stage", np.array([progress.stage.encode()], np.object_)),
            pb_utils.Tensor("step", np.array([progress.step], np.int32)),
            pb_utils.Tensor("total_steps", np.array([progress.total_steps], np.int32)),
            pb_utils.Tensor("seconds", np.array([progress.seconds], np.float32)),
        ]
    )


def _chunks(frames: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """UINT8 [num_frames, height, width, 3] in pieces of whole frames."""
    frames_per_chunk = max(1, CHUNK_BYTES // frames[0].nbytes)
    for first in range(0, len(frames), frames_per_chunk):
        yield frames[first : first + frames_per_chunk]
