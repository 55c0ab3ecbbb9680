"""Models of any size in little memory: each module reads its weights when it is called.

They are read in FP32, and gone when the module returns.
"""

from typing import Any

import torch
from torch import Tensor, nn

from export.checkpoint.checkpoint import Checkpoint
from export.checkpoint.pipeline import stored_names
from export.checkpoint.weights import read_weight
from export.errors import ExportError


def stream_weights(
    model: nn.Module, checkpoint: Checkpoint, component: str, dtype: torch.dtype
) -> None:
    """Let the modules of `model` read their parameters from a checkpoint.

    Args:
        model: has its parameters on the meta device. Its buffers are read at once.
        checkpoint: has the weights.
        component: that `model` is.
        dtype: the parameters are rounded to it.

    Raises:
        ExportError: the component lacks a weight. For parameters, when their module is called.
    """
    reader = _Reader(checkpoint, component)
    names = stored_names(model, reader.stored)
    for module in model.modules():
        own = dict(module.named_parameters(recurse=False))
        if own:
            keys = {leaf: names[parameter] for leaf, parameter in own.items()}
            streamed = _Streamed(own, keys, reader, dtype)
            module.register_forward_pre_hook(streamed.read)
            module.register_forward_hook(streamed.drop, always_call=True)
    for name, _ in model.named_buffers():
        owner, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(owner), leaf, reader.read(name, torch.float32))


class _Reader:
    """Reads the weights of a component."""

    def __init__(self, checkpoint: Checkpoint, component: str) -> None:
        self.stored = checkpoint.weights(component)
        self.place = checkpoint.place(component)

    def read(self, name: str, dtype: torch.dtype) -> Tensor:
        """Return a weight in FP32, rounded to `dtype`."""
        if name not in self.stored:
            raise ExportError(f"{self.place} has no weight {name}")
        return read_weight(self.stored[name], dtype).float()


class _Streamed:
    """The parameters of one module, without those of the modules inside."""

    def __init__(
        self,
        absent: dict[str, nn.Parameter],
        keys: dict[str, str],
        reader: _Reader,
        dtype: torch.dtype,
    ) -> None:
        self._absent = absent
        self._keys = keys
        self._reader = reader
        self._dtype = dtype

    def read(self, module: nn.Module, _: Any) -> None:
        for leaf, key in self._keys.items():
            parameter = nn.Parameter(self._reader.read(key, self._dtype), requires_grad=False)
            if parameter.shape != self._absent[leaf].shape:
                raise ExportError(
                    f"{self._reader.place}: {key} has shape {tuple(parameter.shape)}, expected "
                    f"{tuple(self._absent[leaf].shape)}"
                )
            setattr(module, leaf, parameter)

    def drop(self, module: nn.Module, *_: Any) -> None:
        for leaf, parameter in self._absent.items():
            setattr(module, leaf, parameter)
