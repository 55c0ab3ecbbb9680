"""Models of any size in little memory: each module reads its weights when it is called.

They are read in FP32, and gone when the module returns.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from export.checkpoint.checkpoint import Checkpoint
from export.checkpoint.pipeline import stored_names
from export.checkpoint.weights import read_weight
from export.errors import ExportError

# Name of a stored weight and its FP32 values -> the values that the engine has.
Rounding = Callable[[str, Tensor], Tensor]


def stream_weights(
    model: nn.Module, checkpoint: Checkpoint, component: str, rounding: Rounding
) -> None:
    """Let the modules of `model` read their parameters from a checkpoint.

    Args:
        model: has its parameters on the meta device. Its buffers are read at once.
        checkpoint: has the weights.
        component: that `model` is.
        rounding: of the parameters.

    Raises:
        ExportError: the component lacks a weight. For parameters, when their module is called.
    """
    reader = _Reader(checkpoint, component)
    names = stored_names(model, reader.stored)
    for module in model.modules():
        own = dict(module.named_parameters(recurse=False))
        if own:
            keys = {leaf: names[parameter] for leaf, parameter in own.items()}
            streamed = _Streamed(own, keys, reader, rounding)
            module.register_forward_pre_hook(streamed.read)
            module.register_forward_hook(streamed.drop, always_call=True)
    for name, _ in model.named_buffers():
        owner, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(owner), leaf, reader.read(name))


class _Reader:
    """Reads the weights of a component."""

    def __init__(self, checkpoint: Checkpoint, component: str) -> None:
        self.stored = checkpoint.weights(component)
        self.place = checkpoint.place(component)

    def read(self, name: str) -> Tensor:
        """Return a weight in FP32."""
        if name not in self.stored:
            raise ExportError(f"{self.place} has no weight {name}")
        return read_weight(self.stored[name], torch.float32)


class _Streamed:
    """The parameters of one module, without those of the modules inside."""

    def __init__(
        self,
        absent: dict[str, nn.Parameter],
        keys: dict[str, str],
        reader: _Reader,
        rounding: Rounding,
    ) -> None:
        self._absent = absent
        self._keys = keys
        self._reader = reader
        self._rounding = rounding

    def read(self, module: nn.Module, _: Any) -> None:
        for leaf, key in self._keys.items():
            values = self._reader.read(key)
            if values.shape != self._absent[leaf].shape:
                raise ExportError(
                    f"{self._reader.place}: {key} has shape {tuple(values.shape)}, expected "
                    f"{tuple(self._absent[leaf].shape)}"
                )
            values = self._rounding(key, values)
            setattr(module, leaf, nn.Parameter(values, requires_grad=False))

    def drop(self, module: nn.Module, *_: Any) -> None:
        for leaf, parameter in self._absent.items():
            setattr(module, leaf, parameter)
