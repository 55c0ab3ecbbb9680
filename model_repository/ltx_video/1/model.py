"""`ltx_video`: the denoising loop as a decoupled model that calls the engines through BLS."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import aclosing, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import triton_python_backend_utils as pb_utils
from numpy.typing import NDArray
from pydantic import ValidationError

from ltx_triton.contract import (
    LTX_VIDEO,
    ErrorKind,
    ModelContract,
    Progress,
    means_engine_lost,
)
from ltx_triton.engines.device import select_devices
from ltx_triton.engines.machine_memory import runtime_warning
from ltx_triton.engines.session import NO_PARAMETERS, Arrays, Parameters
from ltx_triton.engines.tensorrt.plan import require_checkpoint
from ltx_triton.memory_budget import MemoryBudget
from ltx_triton.model_info import ModelInfo, UnsupportedSpecError
from ltx_triton.parent_process import exit_after_parent
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.pipeline.loop import CancelledError, DenoisingLoop
from ltx_triton.pipeline.prompt_warnings import prompt_warnings
from ltx_triton.pipeline.tokenizer import PromptTokenizer
from ltx_triton.repository.describe import describe_model
from ltx_triton.settings import Settings
from ltx_triton.video_spec import VideoSpec

# Frames leave in responses of about this size, so that the longest video needs neither one huge
# message nor a second copy of itself in shared memory, and the first can be encoded while the next
# are on their way.
CHUNK_BYTES = 2 * 2**20


class EngineError(RuntimeError):
    """An engine model answered with an error."""


class EngineLostError(EngineError):
    """The process of an engine model died, or the server exits."""


class TritonPythonModel:
    """Streams the model info, progress after each piece of work, then the frames: `LTX_VIDEO`."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load what the exporter has left beside this file."""
        exit_after_parent()
        folder = Path(args["model_repository"]) / args["model_version"]
        config = PipelineConfig.load(folder)
        repository = folder.parent.parent
        require_checkpoint(repository, config)
        if warning := runtime_warning(select_devices(repository)):
            pb_utils.Logger.log_warn(warning)
        self._config = config
        self._tokenizer = PromptTokenizer(folder, config)
        settings = Settings()
        budget = MemoryBudget(settings.memory_budget_gb, settings.api_workers)
        server = psutil.Process(os.getppid())
        self._info = describe_model(repository, config, server, budget, settings.default_video)
        memory = self._info.memory
        unloads = memory is not None and memory.unloads_text_encoder
        self._loop = DenoisingLoop(
            config, self._tokenizer, _BlsEngines(), unloads_text_encoder=unloads
        )
        # Otherwise a text encoder that has been unloaded would be loaded beside the last step of a
        # video that was cancelled.
        self._turn = asyncio.Lock() if unloads else nullcontext()
        self._metrics = _publish(self._info)  # both live as long as they are referenced

    async def execute(self, requests: list[Any]) -> None:
        """Serve the requests side by side; their steps meet in the engines' batchers."""
        await asyncio.gather(*(self._serve(request) for request in requests))

    async def _serve(self, request: Any) -> None:
        sender = request.get_response_sender()
        error: tuple[ErrorKind, str] | None = None
        described = pb_utils.Tensor("model_info", _text(self._describe(request).model_dump_json()))
        sender.send(pb_utils.InferenceResponse([described]))
        try:
            if (spec := _read(request)) is not None:
                await self._generate(spec, sender)
        except CancelledError:
            pass  # nobody listens any more
        except (UnsupportedSpecError, _InvalidRequestError) as problem:
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

    def _describe(self, request: Any) -> ModelInfo:
        """Describe the model, and what it makes of the prompts that it reads."""
        given = pb_utils.get_input_tensor_by_name(request, "guidance_scale")
        scale = self._config.guidance_scale if given is None else given.as_numpy().item()
        warnings: tuple[str, ...] = ()
        for name in ("prompt",) if scale == 1 else ("prompt", "negative_prompt"):
            if (given := pb_utils.get_input_tensor_by_name(request, name)) is not None:
                prompt = given.as_numpy().item().decode(errors="replace")
                warnings += prompt_warnings(
                    prompt, self._tokenizer, self._config, is_negative=name == "negative_prompt"
                )
        return self._info.model_copy(update={"prompt_warnings": warnings})

    async def _generate(self, spec: VideoSpec, sender: Any) -> None:
        def report(progress: Progress) -> None:
            # Defer: issue the next engine call before sending progress.
            response = _progress_response(progress)
            asyncio.get_running_loop().call_soon(sender.send, response)

        generated = self._loop.generate(spec, report, sender.is_cancelled)
        async with self._turn, aclosing(generated) as pieces:
            async for frames in pieces:
                await asyncio.sleep(0)  # until the last progress has been sent
                for chunk in _chunks(frames):
                    if sender.is_cancelled():
                        return
                    sender.send(pb_utils.InferenceResponse([pb_utils.Tensor("frames", chunk)]))
                    await asyncio.sleep(0)  # the steps of other jobs go on meanwhile


class _BlsEngines:
    """Calls the engine models of this server."""

    async def run(
        self, model: ModelContract, inputs: Arrays, parameters: Parameters = NO_PARAMETERS
    ) -> dict[str, NDArray[Any]]:
        request = pb_utils.InferenceRequest(
            model_name=model.name,
            requested_output_names=[tensor.name for tensor in model.outputs],
            inputs=[pb_utils.Tensor(name, array) for name, array in inputs.items()],
            parameters=dict(parameters),
            # Triton's TensorRT backend would leave them on the GPU, where numpy cannot read them.
            preferred_memory=pb_utils.PreferredMemory(pb_utils.TRITONSERVER_MEMORY_CPU, 0),
        )
        response = await request.async_exec()
        if response.has_error():
            message = response.error().message()
            raise (EngineLostError if means_engine_lost(message) else EngineError)(message)
        return {
            tensor.name: pb_utils.get_output_tensor_by_name(response, tensor.name).as_numpy()
            for tensor in model.outputs
        }


class _InvalidRequestError(ValueError):
    """The inputs are no `VideoSpec`; the message names the field."""


def _read(request: Any) -> VideoSpec | None:
    """Read the spec; None for a request that only asks for the model info."""
    values: dict[str, Any] = {}
    for tensor in LTX_VIDEO.inputs:
        given = pb_utils.get_input_tensor_by_name(request, tensor.name)
        if given is not None:
            values[tensor.name] = given.as_numpy().item()
    if values.pop("describe", False):
        return None
    values.setdefault("prompt", b"")
    try:
        return VideoSpec(**{name: _decoded(name, value) for name, value in values.items()})
    except ValidationError as error:
        problem = error.errors()[0]
        field = problem["loc"][0]
        given = f"={problem['input']}" if field in values else ""
        raise _InvalidRequestError(f"{field}{given}: {problem['msg']}") from error


def _decoded(name: str, value: Any) -> Any:
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError as error:
        raise _InvalidRequestError(f"{name}: must be UTF-8") from error


def _publish(info: ModelInfo) -> tuple[Any, Any]:
    """Add a metric with the model info as its labels."""
    family = pb_utils.MetricFamily(
        name="ltx_model_info",
        description="The checkpoint being served and the device it runs on",
        kind=pb_utils.MetricFamily.GAUGE,
    )
    labels = info.model_dump(include={"model_name", "checkpoint_sha256", "device", "device_name"})
    metric = family.Metric(labels=labels)
    metric.set(1)
    return family, metric


def _text(text: str) -> NDArray[np.object_]:
    return np.array([text.encode()], np.object_)


def _progress_response(progress: Progress) -> Any:
    return pb_utils.InferenceResponse(
        [
            pb_utils.Tensor("stage", _text(progress.stage)),
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
