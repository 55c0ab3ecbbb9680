"""The default request: the service, its engines without HTTP or Triton, and diffusers."""

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from random import Random

from tqdm import tqdm

from benchmarks.baselines.case import Case
from benchmarks.baselines.inputs import save_inputs
from benchmarks.baselines.triton import ask_triton
from benchmarks.baselines.worker import Worker
from benchmarks.measurement import Measurement
from benchmarks.suite.client import ask_once
from demo.evaluation.prompts import held_out_prompts
from export.checkpoint.folder import open_checkpoint
from export.progress import step
from frontend.local.service import local_service
from ltx_triton.contract import LTX_VIDEO
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import version_folder

PART = "request"
TOTAL = "total"
CHECKPOINT = Path(__file__).parents[2] / "demo" / "checkpoint"
STEPS = 8
_WARM_UP = 2  # rounds, not counted
_REQUEST = held_out_prompts(1)[0].request

Stages = dict[str, float]  # seconds, including `TOTAL`
Systems = dict[str, Callable[[], Stages]]


def default_case(folder: Path, repository: Path) -> Case:
    """Create the case of the default request, with `folder` for its files.

    Raises:
        ValueError: the engines in `repository` are not the demo checkpoint's.
    """
    config = PipelineConfig.load(version_folder(repository, LTX_VIDEO))
    if config.checkpoint_sha256 != open_checkpoint(str(CHECKPOINT), None).sha256():
        raise ValueError(
            f"{repository} holds engines of {config.model_name}; the benchmarks measure "
            f"{CHECKPOINT}: remove other engines with `make clean`"
        )
    return Case(
        folder=folder,
        checkpoint=CHECKPOINT,
        repository=repository,
        request=_REQUEST.video.model_copy(update={"num_inference_steps": STEPS}),
        precision="fp32",
        device="cpu",
        compile_backend="inductor",
    )


def measure(rounds: int, repository: Path) -> Iterator[Measurement]:
    with systems(repository, compiled=True) as running:
        yield from in_turns(running, rounds)


def in_turns(systems: Systems, rounds: int) -> Iterator[Measurement]:
    """Time each system once per round, in random order."""
    random = Random(0)
    samples: dict[tuple[str, str], list[float]] = {}
    for number in tqdm(range(_WARM_UP + rounds), desc=PART, unit="round"):
        order = list(systems)
        random.shuffle(order)
        for name in order:
            for stage, seconds in systems[name]().items():
                if number >= _WARM_UP:
                    samples.setdefault((name, stage), []).append(seconds)
    for (name, stage), values in samples.items():
        yield Measurement(PART, {"system": name, "stage": stage}, "s", values)


@contextmanager
def systems(repository: Path, *, compiled: bool) -> Iterator[Systems]:
    """Start all systems.

    Args:
        repository: with the engines of the demo checkpoint.
        compiled: include diffusers with `torch.compile`, which takes minutes, and in BF16.
    """
    with ExitStack() as stack:
        case = default_case(Path(stack.enter_context(tempfile.TemporaryDirectory())), repository)
        file = case.save()
        save_inputs(case)
        in_process = stack.enter_context(
            closing(Worker(sys.executable, "benchmarks.baselines.in_process", file))
        )
        pytorch = _pytorch(stack, file, case.precision)
        running: Systems = {
            "in-process engines": lambda: in_process.ask("stages"),
            "diffusers": lambda: pytorch.ask("video", "eager"),
        }
        if compiled:
            with step("compiling with torch"):
                pytorch.ask("compile")
            running["torch.compile"] = lambda: pytorch.ask("video", "compiled")
            bf16 = _pytorch(stack, file, "bf16")
            running["diffusers BF16"] = lambda: bf16.ask("video", "eager")
        service = stack.enter_context(local_service(repository))
        address = service.triton.grpc_address
        running["Triton"] = lambda: asyncio.run(ask_triton(address, case.request)).stages
        running["service"] = lambda: asyncio.run(_ask_service(service.url))
        yield running


def _pytorch(stack: ExitStack, case: Path, precision: str) -> Worker:
    worker = Worker(sys.executable, "benchmarks.baselines.pytorch", case)
    stack.enter_context(closing(worker))
    worker.ask("load", precision)
    return worker


async def _ask_service(url: str) -> Stages:
    answer = await ask_once(url, _REQUEST)
    http_seconds = answer.seconds - sum(answer.stages.values())
    return {**answer.stages, "http": http_seconds, TOTAL: answer.seconds}
