"""Models of any size in little memory: each module reads its weights when it is called.

They are read in FP32, and gone when the module returns.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from export.checkpoint.weights import Source, read_weight, weight_files
from export.errors import ExportError


def stream_weights(model: nn.Module, folder: Path, dtype: torch.dtype) -> None:
    """Let the modules of `model` read their parameters from a component's folder.

    Args:
        model: has its parameters on the meta device. Its buffers are read at once.
        folder: of the safetensors files.
        dtype: the parameters are rounded to it.

    Raises:
        ExportError: the folder lacks a weight. For parameters, when their module is called.
    """
    files = weight_files(folder)
    names: dict[nn.Parameter, str] = {}  # of a tied parameter the one that is stored
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if name in files or parameter not in names:
            names[parameter] = name
    for module in model.modules():
        own = dict(module.named_parameters(recurse=False))
        if own:
            keys = {leaf: names[parameter] for leaf, parameter in own.items()}
            streamed = _Streamed(own, keys, files, folder, dtype)
            module.register_forward_pre_hook(streamed.read)
            module.register_forward_hook(streamed.drop, always_call=True)
    for name, _ in model.named_buffers():
        owner, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(owner), leaf, _read(files, folder, name, torch.float32))


class _Streamed:
    """The parameters of one module, without those of the modules inside."""

    def __init__(
        self,
        absent: dict[str, nn.Parameter],
        keys: dict[str, str],
        files: dict[str, Path],
        folder: Path,
        dtype: torch.dtype,
    ) -> None:
        self._absent = absent
        self._keys = keys
        self._files = files
        self._folder = folder
        self._dtype = dtype

    def read(self, module: nn.Module, _: Any) -> None:
        for leaf, key in self._keys.items():
            weight = _read(self._files, self._folder, key, self._dtype)
            parameter = nn.Parameter(weight, requires_grad=False)
            if parameter.shape != self._absent[leaf].shape:
                raise ExportError(
                    f"{self._folder}: {key} has shape {tuple(parameter.shape)}, expected "
                    f"{tuple(self._absent[leaf].shape)}"
                )
            setattr(module, leaf, parameter)

    def drop(self, module: nn.Module, *_: Any) -> None:
        for leaf, parameter in self._absent.items():
            setattr(module, leaf, parameter)


def _read(files: dict[str, Path], folder: Path, key: str, dtype: torch.dtype) -> Tensor:
    if key not in files:
        raise ExportError(f"{folder} has no weight {key}")
    return read_weight(Source(files[key], key), dtype).float()
