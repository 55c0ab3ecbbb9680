"""The stages of a case, in order."""

import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.baselines.case import Case
from benchmarks.baselines.reference import ROUNDED
from benchmarks.baselines.worker import Worker
from benchmarks.gpu import checkpoint, parity
from benchmarks.gpu.artifacts import Artifacts
from benchmarks.gpu.budget import Budget, Need
from benchmarks.gpu.cases import Model, onnx_repository
from benchmarks.gpu.floors import floors, narrow
from benchmarks.gpu.parts import Part
from benchmarks.gpu.samples import EVERYTHING, REQUEST, System, system, take
from benchmarks.gpu.sizes import all_engines_bytes, engine_bytes, torch_bytes
from export.child_process import in_child
from export.precision import Precision
from ltx_triton.contract import ENGINES, LTX_VIDEO
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import version_folder

STAGES = {
    "checkpoint": "write random weights of the true size",
    "calibration": "find the scales of FP8",
    "reference": "outputs of PyTorch in FP32 and in the case's precision, a component at a time",
    "pytorch": "time diffusers, eager and compiled; count operations, measure the peak rate",
    "export": "write the engines as ONNX",
    "plans": "build TensorRT plans of them",
    "parity": "compare the engines with PyTorch, tiny ones with ONNX Runtime too",
    "engines": "time the engines in process, in turns with PyTorch where both fit",
    "triton": "time them in Triton, in turns with the bare engines where both fit",
    "report": "print the tables",
}

_PROCESS_BYTES = 3e9  # with torch, and a file of the checkpoint
_ACTIVATIONS = 1.2  # weights and activations over weights
_BUILDER = 1.5  # of an engine, on the host
_GPU_BUILDER = 2.2  # of an engine, on the GPU: kernels are timed beside the plan


@dataclass(frozen=True)
class Stages:
    """Does the work of one case."""

    case: Case
    model: Model
    budget: Budget
    engine_python: str
    rounds: int
    triton_address: str | None

    def parts(self) -> list[Part]:
        files = Artifacts.of(self.case, self.model)
        whole = tuple(files.checkpoint.values())
        stored = sum(artifact.expected_bytes for artifact in whole)
        engines = all_engines_bytes(self.model)
        fp32 = max(torch_bytes(self.model, Precision.FP32).values())
        fp8 = self.case.precision == "fp8"
        calibration = ("calibration",) if fp8 else ()
        exported = tuple(f"export {model.name}" for model in ENGINES)
        built = tuple(f"plans {model.name}" for model in ENGINES) if files.plans else exported
        small = tuple(files.onnx.values()) if self.model.is_tiny else ()
        parts = [
            self._part("checkpoint", self._checkpoint, stored, makes=whole),
            self._part(
                "calibration",
                self._calibration,
                stored,
                host=_ACTIVATIONS * fp32,
                device=_ACTIVATIONS * fp32 / 2,
                after=("checkpoint",),
                uses=whole,
            ),
            self._part(
                "reference",
                self._reference,
                stored,
                device=_ACTIVATIONS * fp32,
                after=("checkpoint", *calibration),
                uses=whole,
            ),
            self._part(
                "pytorch",
                self._pytorch,
                stored,
                device=_ACTIVATIONS * self._pytorch_bytes,
                after=("checkpoint",),
                uses=whole,
            ),
        ]
        for model in ENGINES:  # ONNX of one at a time
            name, size = model.name, engine_bytes(self.model, model.name)
            parts.append(
                self._part(
                    "export",
                    partial(self._export, name),
                    size,
                    component=name,
                    after=("checkpoint", *calibration),
                    uses=(files.checkpoint[name],),
                    makes=(files.onnx[name],),
                )
            )
            if files.plans:
                parts.append(
                    self._part(
                        "plans",
                        partial(self._plan, name),
                        size,
                        component=name,
                        host=_BUILDER * size,
                        device=_GPU_BUILDER * size,
                        after=(f"export {name}",),
                        uses=(files.onnx[name],),
                        makes=(files.plans[name],),
                    )
                )
        parts += [
            self._part(
                "parity",
                self._parity,
                engines,
                device=_ACTIVATIONS * engines,
                after=("reference", *built),
                uses=(*files.engines, *small),
            ),
            self._part(
                "engines",
                self._engines,
                engines,
                device=_ACTIVATIONS * engines,
                after=built,
                uses=files.engines,
                prefers=whole,
            ),
            self._part(
                "triton",
                self._triton,
                engines,
                device=_ACTIVATIONS * engines,
                after=built,
                uses=files.engines,
            ),
        ]
        if self.triton_address is not None:
            # It has its memory already, and its plans open.
            parts.append(self._part(self.triton_stage, self._triton, engines, after=built))
        return [part for part in parts if fp8 or part.stage != "calibration"]

    @property
    def triton_stage(self) -> str:
        return f"triton at {self.triton_address}" if self.triton_address else "triton"

    def _part(
        self,
        stage: str,
        run: Callable[[], dict[str, Any]],
        weights: float,
        *,
        host: float = 0,
        device: float = 0,
        **others: Any,
    ) -> Part:
        return Part(stage, run, weights, Need(_PROCESS_BYTES + host, device), **others)

    def _checkpoint(self) -> dict[str, Any]:
        return in_child(_killed("writing"), checkpoint.write_checkpoint, self.case, self.model)

    def _calibration(self) -> dict[str, Any]:
        return in_child(_killed("calibrating"), checkpoint.save_calibration, self.case)

    def _reference(self) -> dict[str, Any]:
        with closing(self._worker("reference")) as worker:
            worker.ask("outputs")
        return {}

    def _pytorch(self) -> dict[str, Any]:
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

    def _export(self, name: str) -> dict[str, Any]:
        return in_child(_killed("exporting"), checkpoint.export_engine, self.case, name)

    def _plan(self, name: str) -> dict[str, Any]:
        paths = onnx_repository(self.case), self.case.repository
        with closing(Worker(self.engine_python, "benchmarks.baselines.plans", *paths)) as worker:
            built: dict[str, Any] = worker.ask("build", name)
        return built

    def _parity(self) -> dict[str, Any]:
        with closing(self._worker("in_process")) as worker:
            worker.ask("outputs")
        errors = {"PyTorch in FP32": parity.against_pytorch(self.case)}
        if self.model.is_tiny:
            errors["ONNX Runtime"] = parity.against_onnxruntime(self.case)
        passed = all(map(parity.all_passed, errors.values()))
        psnr = {side: parity.request_psnr(self.case, side) for side in (ROUNDED, "engine")}
        print(parity.verdict(errors))
        return {"passed": passed, "errors": errors, "request_psnr_db": psnr}

    def _engines(self) -> dict[str, Any]:
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

    def _triton(self) -> dict[str, Any]:
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
            twice = Need(_PROCESS_BYTES, 2 * _ACTIVATIONS * all_engines_bytes(self.model))
            alone = self.budget.lack_of_memory(twice)
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
        both = all_engines_bytes(self.model) + self._pytorch_bytes
        return self.budget.lack_of_memory(Need(2 * _PROCESS_BYTES, _ACTIVATIONS * both))

    @property
    def _pytorch_bytes(self) -> int:
        return sum(torch_bytes(self.model, Precision(self.case.precision)).values())

    def _psnr(self, side: str) -> dict[str, Any]:
        """Compare with the reference, if it has run."""
        try:
            return {"request_psnr_db": parity.request_psnr(self.case, side)}
        except FileNotFoundError:
            return {}

    def _worker(self, module: str, *arguments: str) -> Worker:
        python = sys.executable if module in ("reference", "pytorch") else self.engine_python
        return Worker(python, f"benchmarks.baselines.{module}", self.case.save(), *arguments)


class WrongTritonError(RuntimeError):
    """Triton does not serve the engines of the case."""


def _modes(pytorch: Worker) -> dict[str, System]:
    return {mode: system(pytorch, mode) for mode in ("eager", "compiled")}


def _killed(what: str) -> str:
    return f"{what} was ended by the kernel, as happens when memory runs out"
