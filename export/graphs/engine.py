"""What the three engines have in common: a graph without weights and its tensor shapes."""

from dataclasses import dataclass

from torch import nn

from export.fp8.record import Record
from ltx_triton.contract import ModelContract

Axes = tuple[str | int, ...]


@dataclass(frozen=True)
class Engine:
    """A module to be traced, and where its weights come from.

    Parameters of `module` on the meta device are read from the checkpoint when the graph has been
    traced; tensors that hold values are constants of the graph. A parameter `model.x` or `x` has
    the checkpoint's name `x`.
    """

    contract: ModelContract
    opset: int  # ONNX operator set of the graph
    module: nn.Module
    component: str  # folder of the checkpoint with the weights
    axes: dict[str, Axes]  # tensor -> sizes of its axes; a string names a dynamic one
    # weights the graph has no use for, by prefix
    unused: tuple[str, ...] = ()
    # name in the module -> another name the checkpoint may have for it
    aliases: tuple[tuple[str, str], ...] = ()
    # of the linears that take FP8, if any do
    fp8: Record | None = None
