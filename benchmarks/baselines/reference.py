"""Run a case in PyTorch, one component in memory at a time, for outputs to compare with.

python -m benchmarks.baselines.reference CASE
"""

import gc
import sys
from pathlib import Path
from typing import Any

import diffusers
import torch
from numpy.typing import NDArray

from benchmarks.baselines.case import Case
from benchmarks.baselines.components import load_component, run_component
from benchmarks.baselines.inputs import load_inputs, save_output
from benchmarks.baselines.worker import end_with_owner, serve_commands
from export.fp8.record import Record
from export.fp8.simulate import fake_quantized
from export.precision import Precision
from ltx_triton.contract import LTX_VIDEO, TRANSFORMER, ModelContract
from ltx_triton.engines.in_process import generate_video
from ltx_triton.engines.session import NO_PARAMETERS, Arrays, Parameters
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.pipeline.loop import DenoisingLoop
from ltx_triton.pipeline.tokenizer import PromptTokenizer
from ltx_triton.repository.layout import version_folder

EXACT = "fp32"
ROUNDED = "torch"  # in the precision of the case, but FP8
QUANTIZED = "torch_fp8"  # the transformer alone


class TorchEngines:
    """diffusers' components in place of the engines. Implements `Engines`.

    A component replaces the one before it, and first saves its output on the inputs of the case.
    """

    def __init__(
        self,
        case: Case,
        config: PipelineConfig,
        precision: Precision,
        side: str,
        fp8: Record | None,
    ) -> None:
        self._case = case
        self._config = config
        self._precision = precision
        self._side = side
        self._fp8 = fp8
        self._name: str | None = None
        self._module: Any = None

    async def run(
        self,
        model: ModelContract,
        inputs: Arrays,
        parameters: Parameters = NO_PARAMETERS,  # noqa: ARG002  it has none
    ) -> dict[str, NDArray[Any]]:
        if self._name != model.name:
            self._load(model)
        (output,) = model.outputs
        return {output.name: self._run(inputs)}

    def _load(self, model: ModelContract) -> None:
        self._module = None
        gc.collect()
        torch.cuda.empty_cache()
        self._name = model.name
        self._module = load_component(self._case, model.name, self._precision.dtype(model))
        inputs = load_inputs(self._case, model)
        save_output(self._case, self._side, model.name, self._run(inputs))
        if self._fp8 is not None and model == TRANSFORMER:
            with fake_quantized(self._module, self._fp8.layers):
                save_output(self._case, QUANTIZED, model.name, self._run(inputs))

    def _run(self, inputs: Arrays) -> NDArray[Any]:
        assert self._name is not None  # noqa: S101
        return run_component(self._name, self._module, inputs, self._config)


def save_reference(case: Case) -> None:
    """Save the outputs of the components and of the request, in FP32 and in the case's precision.

    With FP8, which needs the record of a calibration in the folder of the case, the request and the
    other components are BF16.
    """
    precision = Precision(case.precision)
    fp8 = Record.load(case.folder) if precision is Precision.FP8 else None
    _save(case, Precision.FP32, EXACT, None)
    _save(case, precision, ROUNDED, fp8)


def _save(case: Case, precision: Precision, side: str, fp8: Record | None) -> None:
    folder = version_folder(case.repository, LTX_VIDEO)
    config = PipelineConfig.load(folder)
    engines = TorchEngines(case, config, precision, side, fp8)
    loop = DenoisingLoop(config, PromptTokenizer(folder, config), engines)
    save_output(case, side, "request", generate_video(loop, case.request))


def main() -> None:
    end_with_owner()
    diffusers.logging.set_verbosity_error()
    torch.backends.cudnn.allow_tf32 = False  # FP32 is the reference
    case = Case.load(Path(sys.argv[1]))
    serve_commands({"outputs": lambda: save_reference(case)})


if __name__ == "__main__":
    main()
