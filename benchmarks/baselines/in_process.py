"""Run the engines in process, without a server: `python -m benchmarks.baselines.in_process CASE`.

Needs no torch.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from benchmarks.baselines.case import Case
from benchmarks.baselines.inputs import load_inputs, save_output
from benchmarks.baselines.worker import serve_commands
from frontend.jobs.progress import StageTimes
from ltx_triton.contract import ENGINES, LTX_VIDEO
from ltx_triton.engines.in_process import InProcessEngines, generate_video
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.pipeline.loop import DenoisingLoop
from ltx_triton.pipeline.tokenizer import PromptTokenizer
from ltx_triton.repository.layout import version_folder
from ltx_triton.video_spec import VideoSpec


class InProcessWorker:
    """Commands of the worker. Times are wall-clock seconds, the copy to the host included."""

    def __init__(self, case: Case) -> None:
        folder = version_folder(case.repository, LTX_VIDEO)
        self._config = PipelineConfig.load(folder)
        self._tokenizer = PromptTokenizer(folder, self._config)
        self._case = case
        self._inputs = {contract.name: load_inputs(case, contract) for contract in ENGINES}
        self._contracts = {contract.name: contract for contract in ENGINES}
        self._engines = InProcessEngines(case.repository)

    def outputs(self) -> None:
        """Save the output of each engine on its inputs, and of the whole request."""
        for name in self._contracts:
            (output,) = self._run(name).values()
            save_output(self._case, "engine", name, output)
        save_output(self._case, "engine", "request", self._generate())

    def component(self, name: str) -> float:
        started = time.perf_counter()
        self._run(name)
        return time.perf_counter() - started

    def request(self) -> float:
        started = time.perf_counter()
        self._generate()
        return time.perf_counter() - started

    def stages(self, request: dict[str, Any]) -> dict[str, float]:
        """Time each stage of a request (the fields of a `VideoSpec`), and the total."""
        times = StageTimes()
        spec = VideoSpec(**request)
        started = time.perf_counter()
        generate_video(self._new_loop(), spec, times.record)
        return times.seconds() | {"total": time.perf_counter() - started}

    def _run(self, name: str) -> dict[str, NDArray[Any]]:
        return asyncio.run(self._engines.run(self._contracts[name], self._inputs[name]))

    def _generate(self) -> NDArray[Any]:
        return generate_video(self._new_loop(), self._case.request)

    def _new_loop(self) -> DenoisingLoop:
        """Return one that has kept no embeddings: the others encode the prompt every time, too."""
        return DenoisingLoop(self._config, self._tokenizer, self._engines)


def main() -> None:
    worker = InProcessWorker(Case.load(Path(sys.argv[1])))
    names = ("outputs", "component", "request", "stages")
    serve_commands({name: getattr(worker, name) for name in names})


if __name__ == "__main__":
    main()
