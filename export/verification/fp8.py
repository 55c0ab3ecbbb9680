"""Compare an FP8 engine with PyTorch.

Rounding to FP8 turns a difference in the last digit of FP32 into one of a whole step of FP8 now and
then, and the linears after it carry that on. So two right implementations drift apart, the further
the more layers there are, and there is no tight bound for the whole. Instead:

- with the weights alone in FP8, which is the same for both, the usual tight bound holds: graph,
  weights and their scales are right;
- with the inputs in FP8 too, the engine may be no further from PyTorch without FP8 than PyTorch
  with FP8 is: so their scales are right, or at least do no harm.
"""

from pathlib import Path

from export.checkpoint.checkpoint import Checkpoint
from export.errors import ExportError
from export.fp8.record import Record
from export.verification.reference import fp8_transformer
from export.verification.verify import compare, random_batches, relative_l2, run
from ltx_triton.contract import TRANSFORMER
from ltx_triton.pipeline.config import PipelineConfig

# Two roundings of the same values differ, but their errors are sums over thousands of values.
FACTOR = 1.25


def verify_fp8(checkpoint: Checkpoint, config: PipelineConfig, record: Record, file: Path) -> None:
    """Compare the transformer at two shapes and print the differences.

    Raises:
        ExportError: one is out of bounds.
    """
    batches = random_batches(TRANSFORMER, checkpoint, config)
    exact, weights, everything = fp8_transformer(checkpoint, config, record, batches)
    print("  weights in FP8")
    compare(TRANSFORMER, run(file, batches, quantized_inputs=False), weights)
    print("  weights and inputs in FP8: relative error (L2) against no FP8")
    for engine, torch, target in zip(run(file, batches), everything, exact, strict=True):
        error, bound = relative_l2(engine, target), FACTOR * relative_l2(torch, target)
        shape = "x".join(map(str, target.shape))
        print(f"  {shape:<24}{error:>16.3g}, at most {bound:.3g}")
        if not error <= bound:  # not a number is a failure as well
            raise ExportError(
                f"transformer in FP8 is too far from PyTorch at {shape}: relative error "
                f"{error:.3g}, at most {bound:.3g} expected"
            )
