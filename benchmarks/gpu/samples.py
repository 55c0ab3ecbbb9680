"""Seconds of several systems, taken in turns."""

from collections.abc import Callable, Mapping, Sequence

from tqdm import tqdm

from benchmarks.baselines.worker import Worker
from ltx_triton.contract import ENGINES

REQUEST = "request"
EVERYTHING = (*(engine.name for engine in ENGINES), REQUEST)
WARM_UP = 2  # rounds, not counted

Samples = dict[str, dict[str, list[float]]]  # engine or request -> system -> seconds
System = Callable[[str], float]  # runs an engine or the request


def take(systems: Mapping[str, System], what: Sequence[str], rounds: int) -> Samples:
    samples: Samples = {each: {name: [] for name in systems} for each in what}
    for turn in tqdm(range(WARM_UP + rounds), desc=", ".join(systems), unit="round"):
        for each in what:
            for name, run in systems.items():
                seconds = run(each)
                if turn >= WARM_UP:
                    samples[each][name].append(seconds)
    return samples


def system(worker: Worker, *mode: str) -> System:
    """Let a worker run what is asked for, in a mode if it has several."""

    def run(what: str) -> float:
        question = (REQUEST, *mode) if what == REQUEST else ("component", *mode, what)
        seconds: float = worker.ask(*question)
        return seconds

    return run
