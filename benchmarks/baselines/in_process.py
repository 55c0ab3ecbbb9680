"""Run the engines without a server or torch: `python -m benchmarks.baselines.in_process CASE`."""

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from benchmarks.baselines.case import Case
from benchmarks.baselines.inputs import load_inputs, save_output
from benchmarks.baselines.worker import answer_questions
from frontend.jobs.progress import StageTimes
from ltx_triton.contract import ENGINES, LTX_VIDEO, Progress
from ltx_triton.engines.in_process import InProcessEngines
from ltx_triton.pipeline.config import PipelineConfig, version_folder
from ltx_triton.pipeline.loop import DenoisingLoop
from ltx_triton.pipeline.tokenizer import PromptTokenizer


class BareEngines:
    """The commands of this worker. Seconds are wall-clock, results on the host included."""

    def __init__(self, case: Case) -> None:
        folder = version_folder(case.repository, LTX_VIDEO)
        config = PipelineConfig.load(folder)
        self._case = case
        self._inputs = {contract.name: load_inputs(case, contract) for contract in ENGINES}
        self._contracts = {contract.name: contract for contract in ENGINES}
        self._engines = InProcessEngines(case.repository)
        self._loop = DenoisingLoop(config, PromptTokenizer(folder, config), self._engines)

    def outputs(self) -> None:
        """Run each engine on its inputs and the whole request; keep what comes out."""
        for name in self._contracts:
            (output,) = self._run(name).values()
            save_output(self._case, "engine", name, output)
        save_output(self._case, "engine", "request", self._generate())

    def component(self, name: str) -> float:
        """Seconds of one engine on its inputs."""
        started = time.perf_counter()
        self._run(name)
        return time.perf_counter() - started

    def request(self) -> float:
        """Seconds of the whole request."""
        started = time.perf_counter()
        self._generate()
        return time.perf_counter() - started

    def stages(self) -> dict[str, float]:
        """Seconds of each stage of the whole request, and in all."""
        times = StageTimes()
        started = time.perf_counter()
        self._generate(times.saw)
        return times.seconds() | {"total": time.perf_counter() - started}

    def _run(self, name: str) -> dict[str, NDArray[Any]]:
        return asyncio.run(self._engines.run(self._contracts[name], self._inputs[name]))

    def _generate(self, report: Callable[[Progress], None] = lambda _: None) -> NDArray[Any]:
        made = self._loop.generate(self._case.request, report, lambda: False)
        return asyncio.run(made)


def main() -> None:
    """Answer questions until there are none."""
    side = BareEngines(Case.load(Path(sys.argv[1])))
    names = ("outputs", "component", "request", "stages")
    answer_questions({name: getattr(side, name) for name in names})


if __name__ == "__main__":
    main()
