"""A gRPC server that speaks Triton's protocol and can be made to fail as Triton cannot on demand.

It stands for Triton only where a test needs a fault, a delay or a state that the real server does
not show when asked. The tests in `tests/e2e` run against the real one.
"""

import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import grpc  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import service_pb2, service_pb2_grpc

from frontend.jobs.circuit_breaker import PROBE
from ltx_triton.contract import MODELS, Progress, Stage
from ltx_triton.engines.memory_use import CpuMemory, DeviceMemory, MemoryAt, MemoryUse
from ltx_triton.model_info import EngineLimits, ModelInfo
from ltx_triton.video_spec import VideoSpec

INFO = ModelInfo(
    model_name="someone/Fake-Model",
    checkpoint_sha256="0" * 64,
    device="cpu",
    device_name="A CPU",
    precision="fp32",
    limits=EngineLimits(
        spatial_compression=32,
        temporal_compression=8,
        sizes=(),
        num_inference_steps=(4, 8),
        default_num_inference_steps=4,
    ),
    memory=None,
    export_sha256="1" * 64,
    versions={"openvino": "1.2.3"},
)


def with_memory(bytes_for_a_token: int) -> ModelInfo:
    """Return an engine's info whose memory grows with the video."""
    sizes = (MemoryAt(0, 0, 0, 0), MemoryAt(1, bytes_for_a_token, bytes_for_a_token, 0))
    engines = {"transformer": CpuMemory(resting_bytes=0, area=None, sizes=sizes)}
    device = DeviceMemory(available_bytes=10**10, engines=engines)
    memory = MemoryUse(shared_bytes=10**10, devices={"cpu": device})
    return INFO.model_copy(update={"memory": memory})


GUIDED_INFO = INFO.model_copy(
    update={"limits": INFO.limits.model_copy(update={"default_guidance_scale": 3.0})}
)
GPU_INFO = INFO.model_copy(update={"device": "cuda", "device_name": 'A "big" GPU'})
METRICS = """\
ltx_engine_memory_bytes{model="text_encoder",device="cpu"} 1073741824
ltx_engine_memory_bytes{model="transformer",device="cpu"} 1610612736
ltx_engine_memory_bytes{model="vae_decoder",device="cpu"} 536870912
"""
GPU_METRICS = """\
ltx_engine_memory_bytes{model="text_encoder",device="cpu"} 1073741824
ltx_engine_memory_bytes{model="transformer",device="cuda"} 1610612736
ltx_engine_memory_bytes{model="vae_decoder",device="cuda"} 536870912
nv_gpu_memory_total_bytes{gpu_uuid="GPU-1"} 85899345920.000000
nv_gpu_memory_used_bytes{gpu_uuid="GPU-1"} 3221225472.000000
"""


class Fault(Enum):
    """What goes wrong with a request."""

    ERROR_AT_ONCE = auto()  # an error message in the stream, before any progress
    ERROR_MESSAGE = auto()  # an error message in the stream, after one step
    ABORT = auto()  # the call ends with a gRPC code, after one step
    HANG = auto()  # nothing more after one step, until the client cancels
    EARLY_END = auto()  # the stream ends after one step
    TOO_FEW_FRAMES = auto()
    WRONG_SIZE = auto()


@dataclass
class Seen:
    """A request as it arrived, and what became of it."""

    request: VideoSpec
    cancelled: bool = False


@dataclass
class FakeTriton:
    """Streams a gradient that moves with the seed. Change its attributes to change its conduct."""

    steps: int = 4
    step_seconds: float = 0.005
    ready: bool = True
    not_ready_models: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)  # of the next requests, one each
    message: str = "FAILED: something broke"
    code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE
    info: ModelInfo | None = INFO  # None: says nothing of itself
    prompt_warnings: tuple[str, ...] = ()
    metrics: str = METRICS
    seen: list[Seen] = field(default_factory=list)
    probes: int = 0
    probe_message: str = ""  # the error of every probe, if there is one
    most_at_once: int = 0
    _active: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._metrics_server = _metrics_server(self)
        self.metrics_url = f"http://127.0.0.1:{self._metrics_server.server_port}/metrics"
        self.port = 0
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        self._metrics_server.shutdown()
        self._metrics_server.server_close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = grpc.server(ThreadPoolExecutor(max_workers=32))
        service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(_Service(self), self._server)
        self.port = self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        assert self.port
        self._server.start()

    def stop(self) -> None:
        """Vanish, as if killed: open streams break."""
        self._server.stop(grace=None).wait()

    def run(self, request: VideoSpec, context: Any) -> Iterator[Progress | NDArray[np.uint8]]:
        """The work on one request."""
        seen = Seen(request)
        with self._lock:
            fault = self.faults.pop(0) if self.faults else None
            self.seen.append(seen)
            self._active += 1
            self.most_at_once = max(self.most_at_once, self._active)
        try:
            yield from self._run(request, context, fault)
        finally:
            seen.cancelled = not context.is_active()
            with self._lock:
                self._active -= 1

    def probe(self, request: VideoSpec, context: Any) -> Iterator[Progress | NDArray[np.uint8]]:
        """The work on a request that only asks whether the engines work."""
        self.probes += 1
        if self.probe_message:
            raise RuntimeError(self.probe_message)
        yield from self._run(request, context, None)

    def _run(
        self, request: VideoSpec, context: Any, fault: Fault | None
    ) -> Iterator[Progress | NDArray[np.uint8]]:
        began = time.perf_counter()

        def progress(stage: Stage, step: int) -> Progress:
            return Progress(stage, step, self.steps, time.perf_counter() - began)

        if fault is Fault.ERROR_AT_ONCE:
            raise RuntimeError(self.message)
        yield progress(Stage.TEXT, 0)
        time.sleep(self.step_seconds)
        yield progress(Stage.DENOISE, 0)
        for step in range(1, self.steps + 1):
            time.sleep(self.step_seconds)
            if not context.is_active():
                return
            yield progress(Stage.DENOISE if step < self.steps else Stage.DECODE, step)
            self._misbehave(fault, context)
        time.sleep(self.step_seconds)
        yield progress(Stage.MP4, self.steps)
        frames = make_frames(request)
        if fault is Fault.TOO_FEW_FRAMES:
            frames = frames[:-1]
        if fault is Fault.WRONG_SIZE:
            frames = frames[:, :-32]
        half = len(frames) // 2 + 1
        yield frames[:half]
        if len(frames) > half:
            yield frames[half:]

    def _misbehave(self, fault: Fault | None, context: Any) -> None:
        if fault is Fault.ERROR_MESSAGE:
            raise RuntimeError(self.message)
        if fault is Fault.ABORT:
            context.abort(self.code, self.message)
        if fault is Fault.EARLY_END:
            raise EOFError
        if fault is Fault.HANG:
            gone = threading.Event()
            context.add_callback(gone.set)
            gone.wait()


def make_frames(request: VideoSpec) -> NDArray[np.uint8]:
    """Frames that depend on the seed only."""
    ramp = np.arange(request.width, dtype=np.uint32)
    index = np.arange(request.num_frames, dtype=np.uint32)
    values = (ramp[None, :] + 4 * index[:, None] + request.seed % 251) % 256
    frames = np.broadcast_to(
        values[:, None, :, None].astype(np.uint8),
        (request.num_frames, request.height, request.width, 3),
    )
    return np.ascontiguousarray(frames)


class _Service(service_pb2_grpc.GRPCInferenceServiceServicer):  # type: ignore[misc]
    def __init__(self, fake: FakeTriton) -> None:
        self._fake = fake

    def ServerLive(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return service_pb2.ServerLiveResponse(live=True)

    def ModelReady(self, request: Any, _context: Any) -> Any:  # noqa: N802
        assert request.name in {model.name for model in MODELS}
        ready = self._fake.ready and request.name not in self._fake.not_ready_models
        return service_pb2.ModelReadyResponse(ready=ready)

    def ModelStreamInfer(self, requests: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        message = next(requests)
        if self._fake.info:
            warnings = {"prompt_warnings": self._fake.prompt_warnings}
            yield _response(_encode(self._fake.info.model_copy(update=warnings)))
        if "describe" in {tensor.name for tensor in message.inputs}:
            return
        try:
            work = self._fake.probe if message.id == PROBE else self._fake.run
            for item in work(_decode(message), context):
                yield _response(_encode(item))
        except RuntimeError as error:
            yield service_pb2.ModelStreamInferResponse(error_message=str(error))
        except EOFError:
            return


def _response(response: Any) -> Any:
    return service_pb2.ModelStreamInferResponse(infer_response=response)


def _decode(message: Any) -> VideoSpec:
    raw = dict(
        zip((tensor.name for tensor in message.inputs), message.raw_input_contents, strict=True)
    )
    steps, scale = raw.get("num_inference_steps"), raw.get("guidance_scale")
    return VideoSpec(
        prompt=raw["prompt"][4:].decode(),
        num_frames=struct.unpack("<i", raw["num_frames"])[0],
        height=struct.unpack("<i", raw["height"])[0],
        width=struct.unpack("<i", raw["width"])[0],
        frame_rate=struct.unpack("<f", raw["frame_rate"])[0],
        seed=struct.unpack("<q", raw["seed"])[0],
        num_inference_steps=struct.unpack("<i", steps)[0] if steps else None,
        negative_prompt=raw["negative_prompt"][4:].decode(),
        guidance_scale=struct.unpack("<f", scale)[0] if scale else None,
    )


def _encode(item: ModelInfo | Progress | NDArray[np.uint8]) -> Any:
    response = service_pb2.ModelInferResponse(model_name="ltx_video")
    if isinstance(item, ModelInfo):
        text = item.model_dump_json().encode()
        _add(response, "model_info", "BYTES", [1], struct.pack("<I", len(text)) + text)
    elif isinstance(item, Progress):
        stage = item.stage.encode()
        _add(response, "stage", "BYTES", [1], struct.pack("<I", len(stage)) + stage)
        _add(response, "step", "INT32", [1], struct.pack("<i", item.step))
        _add(response, "total_steps", "INT32", [1], struct.pack("<i", item.total_steps))
        _add(response, "seconds", "FP32", [1], struct.pack("<f", item.seconds))
    else:
        _add(response, "frames", "UINT8", list(item.shape), item.tobytes())
    return response


def _add(response: Any, name: str, datatype: str, shape: list[int], content: bytes) -> None:
    response.outputs.add(name=name, datatype=datatype, shape=shape)
    response.raw_output_contents.append(content)


def _metrics_server(fake: FakeTriton) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = fake.metrics.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    return server
