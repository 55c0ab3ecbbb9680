"""The service and its peers, all asked for the same videos."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.baselines.case import Case
from benchmarks.baselines.triton import ask_triton
from benchmarks.baselines.worker import Worker
from benchmarks.peers.protocol import PeerRequest
from benchmarks.suite.client import ask_once
from benchmarks.suite.mp4 import service_mp4
from demo.evaluation.prompts import ClipRequest
from frontend.local.service import local_service
from ltx_triton.contract import LTX_VIDEO
from ltx_triton.engines.cpu_precision import CpuPrecision, select_cpu_precision
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import version_folder
from ltx_triton.settings import load_settings
from ltx_triton.video_spec import VideoSpec

TOTAL = "total"
FRAMES = "frames"
_ROOT = Path(__file__).parents[2]
_PEERS = _ROOT / "build" / "peers"
MODELS = _PEERS / "models"  # the checkpoint, converted for each peer
IN_PROCESS = "in-process engines"

Stages = dict[str, float]  # seconds, including `TOTAL`


@dataclass(frozen=True)
class Contender:
    ask: Callable[[VideoSpec], Stages]
    pids: list[int]  # of its processes, without descendants


Start = Callable[[], AbstractContextManager[Contender]]


def peers(case: Case) -> dict[str, Start]:
    """Return the peers that compute as precisely as the service, and FP32 in diffusers.

    Raises:
        ValueError: `make bench` has not made their environments.
    """
    precision = select_cpu_precision()

    def start(environment: str, module: str, *arguments: str) -> Start:
        python, model = str(python_of(environment)), str(MODELS / environment)
        return lambda: _peer(case, python, module, model, precision, *arguments)

    return diffusers(case) | {
        "optimum-intel static": start("optimum-intel", "optimum_intel", "static"),
        "optimum-intel dynamic": start("optimum-intel", "optimum_intel", "dynamic"),
        "OpenVINO GenAI": start("openvino-genai", "openvino_genai"),
    }


def python_of(environment: str) -> Path:
    """Return the interpreter of a peer's environment.

    Raises:
        ValueError: `make bench` has not made it.
    """
    ready = MODELS / "ready"
    if not ready.is_file():
        raise ValueError(f"no peers in {_PEERS}: run `make {ready.relative_to(_ROOT)}` first")
    return _PEERS / environment / "bin" / "python"


def diffusers(case: Case) -> dict[str, Start]:
    def start(precision: str, mode: str) -> Start:
        checkpoint = str(case.checkpoint)
        return lambda: _peer(
            case, sys.executable, "diffusers_pipeline", checkpoint, precision, mode
        )

    if select_cpu_precision() == CpuPrecision.FP32:
        return {
            "diffusers": start("fp32", "eager"),
            "torch.compile": start("fp32", "compiled"),
        }
    return {
        "diffusers": start("fp32", "eager"),
        "diffusers BF16": start("bf16", "eager"),
        "torch.compile BF16": start("bf16", "compiled"),
    }


@contextmanager
def service(repository: Path) -> Iterator[dict[str, Contender]]:
    """Serve; yield the service and, of the same processes, its Triton alone."""
    with local_service(repository) as frontend:
        address = frontend.triton.grpc_address
        pids = [frontend.pid, frontend.triton.pid]

        def over_grpc(spec: VideoSpec) -> Stages:
            return asyncio.run(ask_triton(address, spec)).stages

        yield {
            "Triton": Contender(over_grpc, pids),
            "service": Contender(lambda spec: _ask_service(frontend.url, spec), pids),
        }


@contextmanager
def in_process(case: Case) -> Iterator[Contender]:
    """Run the engines in one process; the folder of the case holds their inputs."""
    worker = Worker(sys.executable, "benchmarks.baselines.in_process", str(case.save()))
    try:
        yield Contender(lambda spec: worker.ask("stages", spec.model_dump()), [worker.pid])
    finally:
        worker.close()


@contextmanager
def _peer(case: Case, python: str, module: str, *arguments: str) -> Iterator[Contender]:
    worker = Worker(python, f"benchmarks.peers.{module}", *arguments)
    try:
        yield Contender(lambda spec: worker.ask("video", _fields(case, spec)), [worker.pid])
    finally:
        worker.close()


def _fields(case: Case, spec: VideoSpec) -> dict[str, Any]:
    request = PeerRequest(
        prompt=spec.prompt,
        width=spec.width,
        height=spec.height,
        num_frames=spec.num_frames,
        frame_rate=spec.frame_rate,
        seed=spec.seed,
        **sampling(case),
    )
    return asdict(request)


def sampling(case: Case) -> dict[str, Any]:
    """Return the fields of `PeerRequest` that users don't choose."""
    config = PipelineConfig.load(version_folder(case.repository, LTX_VIDEO))
    return {
        "steps": case.steps,
        "decode_timestep": config.decode_timestep,
        "decode_noise_scale": config.decode_noise_scale,
        "mp4": service_mp4(load_settings().mp4_preset),
    }


def _ask_service(url: str, spec: VideoSpec) -> Stages:
    fps = round(spec.frame_rate)
    clip = ClipRequest(spec.prompt, spec.seed, spec.num_frames // fps, fps, spec.width, spec.height)
    answer = asyncio.run(ask_once(url, clip))
    http_seconds = answer.seconds - sum(answer.stages.values())
    return {**answer.stages, "http": http_seconds, TOTAL: answer.seconds}
