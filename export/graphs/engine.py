"""Description of an engine: a module without weights, and its tensor shapes."""

from dataclasses import dataclass

from torch import nn

from export.fp8.record import Record
from ltx_triton.contract import ModelContract

Axes = tuple[str | int, ...]


@dataclass(frozen=True)
class Engine:
    """A module to trace, and the source of its weights.

    Parameters of `module` on the meta device are read from the checkpoint after tracing; tensors
    with values become constants of the graph. The parameter `model.x` or `x` is called `x` in the
    checkpoint.
    """

    contract: ModelContract
    opset: int  # ONNX operator set of the graph
    module: nn.Module
    component: str  # folder of the checkpoint with the weights
    axes: dict[str, Axes]  # tensor -> sizes of its axes; a string names a dynamic one
    # prefixes of weights that the graph does not use
    unused: tuple[str, ...] = ()
    # name in the module -> alternative name in the checkpoint
    aliases: tuple[tuple[str, str], ...] = ()
    # name of an inner tensor -> weight of the convolution that reads it, padded in time
    inner_tensors: tuple[tuple[str, str], ...] = ()
    # scales of the linears in FP8; None: no FP8
    fp8: Record | None = None
    # names of weights in INT8
    int8: frozenset[str] = frozenset()
