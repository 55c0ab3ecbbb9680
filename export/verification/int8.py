"""Compare an engine with INT8 weights with PyTorch, and say what the rounding costs."""

from pathlib import Path

from export.checkpoint.checkpoint import Checkpoint
from export.precision import Precision
from export.verification.reference import REFERENCES
from export.verification.verify import compare, random_batches, relative_l2, run
from ltx_triton.contract import ModelContract
from ltx_triton.pipeline.config import PipelineConfig


def verify_int8(
    contract: ModelContract, checkpoint: Checkpoint, config: PipelineConfig, file: Path
) -> None:
    """Compare at two shapes with weights rounded alike; print what rounding them changes.

    Raises:
        ExportError: the outputs differ by more than rounding in the arithmetic.
    """
    batches = random_batches(contract, checkpoint, config)
    reference = REFERENCES[contract.name]
    rounded = reference(checkpoint, config, batches)
    compare(contract, run(file, batches), rounded)
    unrounded = config.model_copy(update={"precision": Precision.FP32})
    print("  cost of INT8: relative error (L2) against weights that are not rounded")
    for outputs in zip(rounded, reference(checkpoint, unrounded, batches), strict=True):
        print(f"  {'x'.join(map(str, outputs[1].shape)):<24}{relative_l2(*outputs):>16.3g}")
