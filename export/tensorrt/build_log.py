"""What TensorRT says in the log of a build about the plan."""

import re
from dataclasses import dataclass

# Layers that order others or hold memory, and run nothing.
_NO_KERNELS = {"signal", "wait", "shape_call", "allocate", "deallocate"}


@dataclass(frozen=True)
class Layer:
    """A layer of the plan, after fusion."""

    name: str
    kind: str  # gemm, kgen (a generated kernel), runtime_fusion, correlation (a convolution) ...
    input_types: tuple[str, ...]  # FP8, BFloat16 ...
    constant_types: tuple[str, ...]  # of weights
    output_types: tuple[str, ...]

    @property
    def is_attention(self) -> bool:
        return self.name.startswith("_gemm_mha")


def activation_bytes(log: str) -> int:
    """Return the memory for activations of the largest profile.

    Raises:
        ValueError: the log does not tell.
    """
    found = re.findall(r"Total Activation Memory: (\d+)", log)
    if not found:
        raise ValueError("the log does not tell the memory for activations")
    return max(map(int, found))


def kernels(log: str) -> list[Layer]:
    """Return the layers of the first profile that run something, in their order.

    Raises:
        ValueError: the log lists no layers.
    """
    lines = re.findall(
        r"^(?:DEBUG )?Name: (.+?), LayerType: (\w+), Inputs: (.*), Constants: (.*), "
        r"Outputs: (.*), TacticName: ",
        log,
        re.MULTILINE,
    )
    if not lines:
        raise ValueError("the log lists no layers")
    layers = [
        Layer(name, kind, _types(inputs), _types(constants), _types(outputs))
        for name, kind, inputs, constants, outputs in lines
        if kind not in _NO_KERNELS
    ]
    # The layers of each profile end in its number.
    return [layer for layer in layers if "_myl0_" in layer.name]


def _types(tensors: str) -> tuple[str, ...]:
    return tuple(re.findall(r"Datatype: (\w+)", tensors))
