"""Compare an engine in onnxruntime with the same component in PyTorch on random inputs.

onnxruntime computes in FP32 on a CPU: a graph of lower precision is upcast first, and PyTorch's
weights are rounded as the graph's are. So the comparison shows whether graph and weights are right,
not what rounding in between costs.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir
from numpy.typing import NDArray

from export.checkpoint.checkpoint import Checkpoint
from export.errors import ExportError
from export.fp8.graph import remove_input_quantization
from export.onnx.upcast import upcast
from export.verification.inputs import Inputs, random_inputs
from export.verification.pieces import run_in_pieces
from export.verification.reference import REFERENCES, Outputs
from ltx_triton.contract import ModelContract
from ltx_triton.pipeline.config import PipelineConfig

RELATIVE_BOUND = 1e-4  # max|a-b| / max|b|, FP32 outputs
PIXEL_BOUND = 1  # of 255, every pixel
# Two quite different shapes. A single step goes all the way from 1 to 0, and the last steps of
# eight are the long ones: the velocity's error shows in full.
CASES = (
    ({"batch": 1, "frames": 2, "latent_height": 5, "latent_width": 3, "tokens": 24}, 1),
    ({"batch": 3, "frames": 3, "latent_height": 2, "latent_width": 4, "tokens": 9}, 8),
)


@dataclass(frozen=True)
class Difference:
    """Difference between an engine's output and PyTorch's."""

    shape: tuple[int, ...]
    absolute: float  # largest difference
    relative: float  # the same over the largest value


def verify(
    contract: ModelContract, checkpoint: Checkpoint, config: PipelineConfig, file: Path
) -> None:
    """Compare at two shapes and print a table. Neither side holds the whole component in memory.

    Args:
        contract: of the engine.
        checkpoint: gives the reference.
        config: sampling settings.
        file: the engine's `model.onnx`.

    Raises:
        ExportError: the outputs differ by more than the bounds.
    """
    batches = random_batches(contract, checkpoint, config)
    expected = REFERENCES[contract.name](checkpoint, config, batches)
    compare(contract, run(file, batches), expected)


def random_batches(
    contract: ModelContract, checkpoint: Checkpoint, config: PipelineConfig
) -> list[Inputs]:
    """Fresh random inputs of both shapes."""
    generator = np.random.default_rng()
    vocabulary = vocabulary_size(checkpoint)
    return [
        random_inputs(contract, config, vocabulary, sizes, steps, generator)
        for sizes, steps in CASES
    ]


def vocabulary_size(checkpoint: Checkpoint) -> int:
    return int(checkpoint.config("text_encoder")["vocab_size"])


def compare(contract: ModelContract, actual: Outputs, expected: Outputs) -> None:
    """Print a table of the differences.

    Raises:
        ExportError: one is out of bounds.
    """
    print(f"  {'shape':<24}{'max abs error':>16}{'relative':>12}")
    differences = [difference(*pair) for pair in zip(actual, expected, strict=True)]
    for row in differences:
        print(f"  {'x'.join(map(str, row.shape)):<24}{row.absolute:>16.3g}{row.relative:>12.3g}")
    for row in differences:
        pixels = contract.outputs[0].datatype == "UINT8"
        error, bound = (row.absolute, PIXEL_BOUND) if pixels else (row.relative, RELATIVE_BOUND)
        if not error <= bound:  # not a number is a failure as well
            raise ExportError(
                f"{contract.name} differs from PyTorch at {'x'.join(map(str, row.shape))}: "
                f"{'pixel' if pixels else 'relative'} error {error:.3g}, at most {bound:g} expected"
            )


def run(file: Path, batches: list[Inputs], *, quantized_inputs: bool = True) -> Outputs:
    """Run `model.onnx` in FP32 on each batch, in little memory.

    `quantized_inputs`: whether inputs of linears in FP8 are quantised, or their weights alone.
    """
    model = onnx_ir.load(file)
    if not quantized_inputs:
        remove_input_quantization(model)
    upcast(model)
    return run_in_pieces(model, batches)


def difference(actual: NDArray[Any], expected: NDArray[Any]) -> Difference:
    """Compare two arrays of the same shape.

    Raises:
        ExportError: their shapes differ.
    """
    if actual.shape != expected.shape:
        raise ExportError(f"shape {actual.shape}, expected {expected.shape}")
    largest = float(np.abs(actual.astype(np.float64) - expected).max())
    return Difference(actual.shape, largest, largest / float(np.abs(expected).max()))


def relative_l2(actual: NDArray[Any], expected: NDArray[Any]) -> float:
    """Return the L2 norm of the difference over the norm of the expected values."""
    difference = actual.astype(np.float64) - expected
    return float(np.linalg.norm(difference) / np.linalg.norm(expected.astype(np.float64)))
