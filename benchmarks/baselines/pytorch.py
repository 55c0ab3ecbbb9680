"""Run diffusers' pipeline on the same weights, eager and compiled.

python -m benchmarks.baselines.pytorch CASE
"""

import platform
import sys
import time
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers import LTXConditionPipeline
from numpy.typing import NDArray

from benchmarks.baselines.case import Case
from benchmarks.baselines.components import load_component, run_component
from benchmarks.baselines.flops import component_flops, peak_flops
from benchmarks.baselines.inputs import load_inputs, save_output
from benchmarks.baselines.worker import end_with_owner, serve_commands
from demo.evaluation.reference import call_pipeline, to_bytes
from export.checkpoint.open import open_checkpoint
from export.precision import Precision
from ltx_triton.contract import (
    ENGINES,
    LTX_VIDEO,
    TEXT_ENCODER,
    TRANSFORMER,
    VAE_DECODER,
)
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import version_folder

# Engine -> member of the pipeline.
_MEMBERS = {
    TEXT_ENCODER.name: "text_encoder",
    TRANSFORMER.name: "transformer",
    VAE_DECODER.name: "vae",
}


class PyTorchWorker:
    """Commands of the worker. Times are wall-clock seconds, the copy to the host included."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._config = PipelineConfig.load(version_folder(case.repository, LTX_VIDEO))
        self._device = torch.device(case.device)
        self._inputs = {contract.name: load_inputs(case, contract) for contract in ENGINES}
        self._pipeline: Any = None
        self._modules: dict[str, tuple[Any, ...]] = {}  # "eager" or "compiled" -> models

    def load(self) -> float:
        """Load the pipeline in the precision of the case, FP8 aside; return the seconds."""
        started = time.perf_counter()
        dtype = Precision(self._case.precision).dtype(TRANSFORMER)
        pipeline = LTXConditionPipeline.from_pretrained(
            self._case.checkpoint,
            text_encoder=load_component(self._case, TEXT_ENCODER.name, dtype),
            transformer=load_component(self._case, TRANSFORMER.name, dtype),
            vae=load_component(self._case, VAE_DECODER.name, dtype),
        )
        pipeline.set_progress_bar_config(disable=True)
        self._pipeline = pipeline
        self._modules["eager"] = (pipeline.text_encoder, pipeline.transformer, pipeline.vae.decoder)
        return time.perf_counter() - started

    def compile(self) -> float:
        """Compile the models for the shapes of the request; return the seconds."""
        started = time.perf_counter()
        self._modules["compiled"] = tuple(
            torch.compile(module, backend=self._case.compile_backend)
            for module in self._modules["eager"]
        )
        self.request("compiled")
        for name in self._inputs:
            self.component("compiled", name)
        return time.perf_counter() - started

    def outputs(self) -> None:
        """Save the frames of the request."""
        self._use("eager")
        save_output(self._case, "diffusers", "request", self._generate())

    def component(self, mode: str, name: str) -> float:
        self._use(mode)
        started = time.perf_counter()
        module = getattr(self._pipeline, _MEMBERS[name])
        run_component(name, module, self._inputs[name], self._config)
        return time.perf_counter() - started

    def request(self, mode: str) -> float:
        self._use(mode)
        started = time.perf_counter()
        self._generate()
        return time.perf_counter() - started

    def flops(self) -> dict[str, dict[str, int]]:
        checkpoint = open_checkpoint(str(self._case.checkpoint), None)
        return component_flops(checkpoint, self._inputs)

    def peak(self, kind: str) -> float:
        return peak_flops(self._device, kind)

    def machine(self) -> dict[str, str]:
        on_gpu = self._device.type == "cuda"
        return {
            "device": torch.cuda.get_device_name() if on_gpu else "cpu",
            "platform": platform.platform(),
            "python": platform.python_version(),
            "torch": torch.__version__,
            "cuda": str(torch.version.cuda),
            "diffusers": diffusers.__version__,
        }

    def _use(self, mode: str) -> None:
        pipeline = self._pipeline
        modules = self._modules[mode]
        pipeline.text_encoder, pipeline.transformer, pipeline.vae.decoder = modules

    def _generate(self) -> NDArray[Any]:
        """UINT8 [num_frames, height, width, 3]."""
        video = call_pipeline(
            self._pipeline,
            self._case.request,
            self._case.noise(self._config),
            decode_timestep=self._config.decode_timestep,
            decode_noise_scale=self._config.decode_noise_scale,
        )
        return to_bytes(video)


def main() -> None:
    end_with_owner()
    diffusers.logging.set_verbosity_error()
    torch.backends.cudnn.allow_tf32 = False  # as in the engines
    worker = PyTorchWorker(Case.load(Path(sys.argv[1])))
    names = (
        *("load", "compile", "outputs", "component", "request"),
        *("flops", "peak", "machine"),
    )
    serve_commands({name: getattr(worker, name) for name in names})


if __name__ == "__main__":
    main()
