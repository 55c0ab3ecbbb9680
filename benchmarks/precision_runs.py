"""Run the models of a checkpoint in PyTorch at each precision; compare them with FP32."""

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir
import onnxruntime
import torch
from numpy.typing import NDArray

from benchmarks.frame_quality import psnr, ssim
from export.checkpoint.checkpoint import Checkpoint
from export.checkpoint.tokenizer import save_tokenizer
from export.fp8.calibrate import load_or_calibrate
from export.fp8.quantize import fake_quantize, scale_for
from export.fp8.record import Record
from export.fp8.simulate import fake_quantized
from export.graphs import text_encoder, transformer, vae_decoder
from export.graphs.engine import Engine
from export.graphs.weights import load_weights
from export.onnx.upcast import upcast
from export.onnx.write import write_engine
from export.options import ExportOptions
from export.precision import Precision
from export.sampling import pipeline_config
from export.verification.verify import relative_l2
from ltx_triton.contract import TRANSFORMER, ModelContract
from ltx_triton.engines.in_process import generate_video
from ltx_triton.engines.session import NO_PARAMETERS, Arrays, Parameters
from ltx_triton.pipeline.loop import DenoisingLoop
from ltx_triton.pipeline.tokenizer import PromptTokenizer
from ltx_triton.repository.layout import DATA_FILE, ENGINE_FILE, TOKENIZER_FILE
from ltx_triton.video_spec import VideoSpec

REQUEST = VideoSpec(
    prompt="A cat walking in a garden",
    num_frames=17,
    height=256,
    width=256,
    frame_rate=24.0,
    seed=1,
)

Run = Callable[[Arrays], NDArray[Any]]
Runs = dict[str, Run]  # model -> function


class Recorder:
    """Engines for `DenoisingLoop` that record the inputs of their calls."""

    def __init__(self, runs: Runs) -> None:
        self.calls: dict[str, list[Arrays]] = defaultdict(list)
        self._runs = runs

    async def run(
        self,
        model: ModelContract,
        inputs: Arrays,
        parameters: Parameters = NO_PARAMETERS,  # noqa: ARG002  PyTorch makes all frames at once
    ) -> dict[str, NDArray[Any]]:
        self.calls[model.name].append(inputs)
        return {model.outputs[0].name: self._runs[model.name](inputs)}


class Measurement:
    """A checkpoint and its FP32 outputs in PyTorch."""

    def __init__(self, checkpoint: Checkpoint, scratch: Path) -> None:
        self.checkpoint = checkpoint
        self.scratch = scratch
        options = ExportOptions(checkpoint.name, scratch)
        self.config = pipeline_config(checkpoint, options)
        save_tokenizer(checkpoint, scratch / TOKENIZER_FILE)
        with self.runs(Precision.FP32) as runs:
            self.frames, self.calls = self._generate(runs)
            self.inputs = {name: calls[0] for name, calls in self.calls.items()}
            # A step from sigma 1 to 0 shows the full error of the velocity.
            whole_step = {"sigma_next": np.zeros((1, 1), np.float32)}
            self.inputs[TRANSFORMER.name] = {**self.inputs[TRANSFORMER.name], **whole_step}
            self.exact = {name: run(self.inputs[name]) for name, run in runs.items()}

    @cached_property
    def record(self) -> Record:
        """The FP8 calibration."""
        return load_or_calibrate(self.checkpoint, self.config.checkpoint_sha256, self.scratch)

    def figures(self, runs: Runs) -> dict[str, Any]:
        frames, _ = self._generate(runs)
        return {
            "relative_l2": {
                name: relative_l2(run(self.inputs[name]), self.exact[name])
                for name, run in runs.items()
            },
            "psnr": psnr(frames, self.frames),
            "ssim": ssim(frames, self.frames),
        }

    @contextmanager
    def runs(self, precision: Precision) -> Iterator[Runs]:
        record = self.record if precision is Precision.FP8 else None
        engines = self._engines(precision, record)
        modules = {
            engine.contract.name: load_weights(engine, self.checkpoint) for engine in engines
        }
        with ExitStack() as stack:
            stack.enter_context(torch.no_grad())
            if record is not None:
                dit = modules[TRANSFORMER.name].get_submodule("model")
                stack.enter_context(fake_quantized(dit, record.layers))
            yield {
                engine.contract.name: torch_run(engine.contract, modules[engine.contract.name])
                for engine in engines
            }

    @contextmanager
    def fp8_graph(self) -> Iterator[Runs]:
        """Run the exported FP8 transformer in ONNX Runtime, the others in PyTorch in BF16."""
        engine = transformer.build(self.checkpoint, Precision.FP8, self.record)
        write_engine(engine, self.checkpoint, self.scratch)
        model = onnx_ir.load(self.scratch / ENGINE_FILE)
        upcast(model)
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            file = Path(folder) / ENGINE_FILE
            onnx_ir.save(model, file, external_data=DATA_FILE)
            session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        with self.runs(Precision.BF16) as runs:
            yield runs | {TRANSFORMER.name: lambda inputs: session.run(None, inputs)[0]}

    def weight_errors(self) -> dict[str, float]:
        """Return the relative L2 error of FP8 weights for each granularity of the scales.

        The export has one scale per product, which several linears may share.
        """
        engine = transformer.build(self.checkpoint, Precision.FP32)
        model = load_weights(engine, self.checkpoint).get_submodule("model")
        layers = self.record.layers
        weights = {name: model.get_parameter(f"{name}.weight") for name in layers}
        total = sum(weight.square().sum().item() for weight in weights.values())

        def error(fp8: Callable[[str, torch.Tensor], torch.Tensor]) -> float:
            squares = (
                (fp8(name, weight) - weight).square().sum().item()
                for name, weight in weights.items()
            )
            return float((sum(squares) / total) ** 0.5)

        with torch.no_grad():
            return {
                "per_product": error(
                    lambda name, weight: fake_quantize(weight, layers[name].weight)
                ),
                "per_tensor": error(lambda _, weight: _rounded(weight)),
                "per_channel": error(
                    lambda _, weight: torch.stack([_rounded(row) for row in weight])
                ),
            }

    def _engines(self, precision: Precision, record: Record | None) -> tuple[Engine, ...]:
        timestep, scale = self.config.decode_timestep, self.config.decode_noise_scale
        return (
            text_encoder.build(self.checkpoint, precision),
            transformer.build(self.checkpoint, precision, record),
            vae_decoder.build(self.checkpoint, precision, timestep, scale),
        )

    def _generate(self, runs: Runs) -> tuple[NDArray[np.uint8], dict[str, list[Arrays]]]:
        engines = Recorder(runs)
        loop = DenoisingLoop(self.config, PromptTokenizer(self.scratch, self.config), engines)
        frames = generate_video(loop, REQUEST)
        return frames, engines.calls


def torch_run(contract: ModelContract, module: torch.nn.Module) -> Run:
    def run(inputs: Arrays) -> NDArray[Any]:
        output = module(*(torch.from_numpy(inputs[tensor.name]) for tensor in contract.inputs))
        array: NDArray[Any] = output.numpy()
        return array

    return run


def _rounded(weight: torch.Tensor) -> torch.Tensor:
    return fake_quantize(weight, scale_for(weight.abs().max().item()))
