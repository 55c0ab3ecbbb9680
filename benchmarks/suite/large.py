"""Memory of each contender, and the large request: 10 s at 24 frames a second."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random

from tqdm import tqdm

from benchmarks import quiet
from benchmarks.baselines.inputs import save_inputs
from benchmarks.measurement import Labels, Measurement
from benchmarks.process_tree import PeakMemory, ProcessTree
from benchmarks.suite.contenders import IN_PROCESS, Contender, Start, in_process, peers, service
from benchmarks.suite.request import default_case
from ltx_triton.video_spec import VideoSpec

PART = "large"
_DURATION = 10  # seconds
_FPS = 24
_DEFAULTS = 3  # default requests before the large one
# Reading the memory of large processes takes time from them, so their seconds are taken apart.
_INTERVALS = {"default": 0.05, "large": 0.2}  # seconds between samples of memory
_SETTLE = 5.0  # seconds to wait after the large request before reading the memory held
_TRIES = 2  # of a sample of seconds


def measure(rounds: int, repository: Path) -> Iterator[Measurement]:
    with tempfile.TemporaryDirectory() as folder:
        case = default_case(Path(folder), repository)
        save_inputs(case)
        starts = {
            # Compiled, diffusers compiles anew for every size: minutes, in memory of its own.
            **{name: start for name, start in peers(case).items() if "compile" not in name},
            IN_PROCESS: lambda: in_process(case),
            "service": lambda: _service_alone(repository),
        }
        yield from measure_alone(starts, case.request, rounds)


def measure_alone(
    starts: Mapping[str, Start], default: VideoSpec, rounds: int
) -> Iterator[Measurement]:
    """Start each contender anew in every round, with the machine for itself."""
    random = Random(0)
    large = default.model_copy(update={"num_frames": _DURATION * _FPS, "frame_rate": float(_FPS)})
    samples: dict[tuple[str, str, str], list[float]] = {}  # system, unit, what

    def add(system: str, unit: str, what: str, value: float) -> None:
        samples.setdefault((system, unit, what), []).append(value)

    order = [name for _ in range(rounds) for name in random.sample(list(starts), len(starts))]
    for name in tqdm(order, desc=PART, unit="start"):
        with starts[name]() as contender:
            tree = ProcessTree(contender.pids)
            for what, request, times in (("default", default, _DEFAULTS), ("large", large, 1)):
                with PeakMemory(tree, _INTERVALS[what]) as memory:
                    for _ in range(times):
                        contender.ask(request)
                add(name, "bytes", what, memory.peak_bytes)
            time.sleep(_SETTLE)
            add(name, "bytes", "after large", tree.pss_bytes())
            sample = quiet.measure(partial(contender.ask, large), contender.pids, _TRIES)
        for stage, seconds in sample.value.items():
            add(name, "s", stage, seconds)
        add(name, "thrown away", "large", float(sample.thrown_away))
        add(name, "disturbed", "large", float(sample.disturbed))
    for (system, unit, what), values in samples.items():
        labels: Labels = {"system": system, "stage" if unit == "s" else "what": what}
        yield Measurement(PART, labels, unit, values)


@contextmanager
def _service_alone(repository: Path) -> Iterator[Contender]:
    with service(repository) as running:
        yield running["service"]
