"""The default request: the service, its engines without HTTP or Triton, and its peers."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from random import Random
from types import MappingProxyType

from tqdm import tqdm

from benchmarks import quiet
from benchmarks.baselines.case import Case
from benchmarks.baselines.inputs import save_inputs
from benchmarks.measurement import Labels, Measurement
from benchmarks.suite.contenders import (
    IN_PROCESS,
    Contender,
    Stages,
    Start,
    in_process,
    peers,
    service,
)
from demo.evaluation.prompts import held_out_prompts
from export.checkpoint.open import open_checkpoint
from ltx_triton.contract import LTX_VIDEO
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import version_folder
from ltx_triton.video_spec import VideoSpec

PART = "request"
CHECKPOINT = Path(__file__).parents[2] / "demo" / "checkpoint"
STEPS = 8
_WARM_UP = 1  # rounds, not counted
_TRIES = 4  # of a sample
REQUEST = held_out_prompts(1)[0].request.video.model_copy(update={"num_inference_steps": STEPS})


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
        request=REQUEST,
        precision="fp32",
        device="cpu",
        compile_backend="inductor",
    )


def measure(rounds: int, repository: Path) -> Iterator[Measurement]:
    with systems(repository, peers) as running:
        yield from in_turns(running, REQUEST, rounds)


def in_turns(
    systems: Mapping[str, Contender],
    request: VideoSpec,
    rounds: int,
    *,
    part: str = PART,
    labels: Mapping[str, str | int] = MappingProxyType({}),
) -> Iterator[Measurement]:
    """Time each system once per round, in random order, on a quiet machine.

    The unit "thrown away" counts samples that others disturbed and that were repeated, and
    "disturbed" those that were kept because every try was disturbed.
    """
    random = Random(0)
    samples: dict[str, list[quiet.Sample[Stages]]] = {name: [] for name in systems}
    for number in tqdm(range(_WARM_UP + rounds), desc=part, unit="round"):
        for name in random.sample(list(systems), len(systems)):
            contender = systems[name]
            if number < _WARM_UP:
                contender.ask(request)
            else:
                work = partial(contender.ask, request)
                sample = quiet.measure(work, contender.pids, _TRIES)
                samples[name].append(sample)
    for name, taken in samples.items():
        here: Labels = {**labels, "system": name}
        for stage in taken[0].value:
            seconds = [sample.value[stage] for sample in taken]
            yield Measurement(part, here | {"stage": stage}, "s", seconds)
        yield Measurement(part, here, "thrown away", [float(each.thrown_away) for each in taken])
        yield Measurement(part, here, "disturbed", [float(each.disturbed) for each in taken])


@contextmanager
def systems(
    repository: Path, peers: Callable[[Case], Mapping[str, Start]]
) -> Iterator[dict[str, Contender]]:
    """Start the service, its engines without it, and the peers.

    Args:
        repository: with the engines of the demo checkpoint.
        peers: which of them, for a case.
    """
    with ExitStack() as stack:
        case = default_case(Path(stack.enter_context(tempfile.TemporaryDirectory())), repository)
        save_inputs(case)
        running = {name: stack.enter_context(start()) for name, start in peers(case).items()}
        running[IN_PROCESS] = stack.enter_context(in_process(case))
        yield running | stack.enter_context(service(repository))
