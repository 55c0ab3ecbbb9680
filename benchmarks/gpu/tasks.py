"""The work of each stage."""

import sys
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

from benchmarks.baselines.case import Case
from benchmarks.baselines.reference import ROUNDED
from benchmarks.baselines.worker import Worker
from benchmarks.gpu.artifacts import Artifacts
from benchmarks.gpu.budget import ACTIVATIONS, PROCESS_BYTES, Budget, Need
from benchmarks.gpu.cases import Model, onnx_repository
from benchmarks.gpu.checkpoint import export_engine, save_calibration, write_checkpoint
from benchmarks.gpu.floors import floors, narrow
from benchmarks.gpu.parity import (
    against_onnxruntime,
    against_pytorch,
    all_passed,
    request_psnr,
    verdict,
)
from benchmarks.gpu.samples import EVERYTHING, REQUEST, System, system, take
from benchmarks.gpu.sizes import all_engines_bytes, torch_bytes
from export.child_process import in_child
from export.precision import Precision
from ltx_triton.contract import LTX_VIDEO
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import version_folder


class WrongTritonError(RuntimeError):
    """Triton does not serve the engines of the case."""


@dataclass(frozen=True)
class Tasks:
    """Does the work on one case; each method returns what goes into the results."""

    case: Case
    model: Model
    budget: Budget
    engine_python: str
    rounds: int
    triton_address: str | None

    def checkpoint(self) -> dict[str, Any]:
        return in_child(_killed("writing"), write_checkpoint, self.case, self.model)

    def calibration(self) -> dict[str, Any]:
        return in_child(_killed("calibrating"), save_calibration, self.case)

    def reference(self) -> dict[str, Any]:
        with closing(self._worker("reference")) as worker:
            worker.ask("outputs")
        return {}

    def pytorch(self) -> dict[str, Any]:
        with closing(self._worker("pytorch")) as worker:
            machine, flops = worker.ask("machine"), worker.ask("flops")
            kinds = sorted({self.case.precision, narrow(self.case)})
            peaks = {kind: worker.ask("peak", kind) for kind in kinds}
            load_seconds = worker.ask("load")
            worker.ask("outputs")
            compile_seconds = worker.ask("compile")
            samples = take(_modes(worker), EVERYTHING, self.rounds)
        return {
            "machine": machine,
            "flops": flops,
            "peak_flops": peaks,
            "floor_seconds": floors(self.case, flops, peaks),
            "load_seconds": load_seconds,
            "compile_seconds": compile_seconds,
            "seconds": samples,
        } | self._psnr("diffusers")

    def export(self, name: str) -> dict[str, Any]:
        return in_child(_killed("exporting"), export_engine, self.case, name)

    def plan(self, name: str) -> dict[str, Any]:
        paths = onnx_repository(self.case), self.case.repository
        with closing(Worker(self.engine_python, "benchmarks.baselines.plans", *paths)) as worker:
            built: dict[str, Any] = worker.ask("build", name)
        return built

    def parity(self) -> dict[str, Any]:
        with closing(self._worker("in_process")) as worker:
            worker.ask("outputs")
        errors = {"PyTorch in FP32": against_pytorch(self.case)}
        if self.model.is_tiny:
            errors["ONNX Runtime"] = against_onnxruntime(self.case)
        passed = all(map(all_passed, errors.values()))
        psnr = {side: request_psnr(self.case, side) for side in (ROUNDED, "engine")}
        print(verdict(errors))
        return {"passed": passed, "errors": errors, "request_psnr_db": psnr}

    def engines(self) -> dict[str, Any]:
        with ExitStack() as stack:
            engines = stack.enter_context(closing(self._worker("in_process")))
            systems = {"engine": system(engines)}
            alone = self._alone()
            if alone is None:
                pytorch = stack.enter_context(closing(self._worker("pytorch")))
                pytorch.ask("load")
                pytorch.ask("compile")
                systems |= _modes(pytorch)
            samples = take(systems, EVERYTHING, self.rounds)
        return {"seconds": samples, "without_pytorch": alone}

    def triton(self) -> dict[str, Any]:
        with ExitStack() as stack:
            address = (self.triton_address,) if self.triton_address else ()
            triton = stack.enter_context(closing(self._worker("triton", *address)))
            server = triton.ask("describe")
            wanted = PipelineConfig.load(version_folder(self.case.repository, LTX_VIDEO))
            if server["checkpoint_sha256"] != wanted.checkpoint_sha256:
                raise WrongTritonError(
                    f"{self.triton_address} serves another checkpoint: start it with the model "
                    f"repository {self.case.repository}"
                )
            triton.ask("outputs")
            systems = {"triton": system(triton)}
            # A Triton that ran before has its memory already.
            times = 1 if self.triton_address else 2
            held = times * ACTIVATIONS * all_engines_bytes(self.model)
            alone = self.budget.lack_of_memory(Need(PROCESS_BYTES, held))
            if alone is None:
                engines = stack.enter_context(closing(self._worker("in_process")))
                systems["engine"] = system(engines)
            samples = take(systems, (REQUEST,), self.rounds)
        result = {"server": server, "seconds": samples, "without_engines": alone}
        return result | self._psnr("triton")

    def _alone(self) -> str | None:
        """Say why PyTorch cannot run beside the engines; None if it can."""
        if not all(
            artifact.exists for artifact in Artifacts.of(self.case, self.model).checkpoint.values()
        ):
            return "the checkpoint is gone"
        both = all_engines_bytes(self.model) + self.pytorch_bytes
        return self.budget.lack_of_memory(Need(2 * PROCESS_BYTES, ACTIVATIONS * both))

    @property
    def pytorch_bytes(self) -> int:
        return sum(torch_bytes(self.model, Precision(self.case.precision)).values())

    def _psnr(self, side: str) -> dict[str, Any]:
        """Compare with the reference, if it has run."""
        try:
            return {"request_psnr_db": request_psnr(self.case, side)}
        except FileNotFoundError:
            return {}

    def _worker(self, module: str, *arguments: str) -> Worker:
        python = sys.executable if module in ("reference", "pytorch") else self.engine_python
        return Worker(python, f"benchmarks.baselines.{module}", self.case.save(), *arguments)


def _modes(pytorch: Worker) -> dict[str, System]:
    return {mode: system(pytorch, mode) for mode in ("eager", "compiled")}


def _killed(what: str) -> str:
    return f"{what} was ended by the kernel, as happens when memory runs out"
