"""Which linears take INT8 weights."""

from torch import nn

from export.linears import in_a_block, linears


def int8_weights(module: nn.Module) -> frozenset[str]:
    """Return the names of the weights in diffusers' transformer, T5 or a module around them.

    Those of the blocks hold nearly all the weights.
    """
    return frozenset(f"{name}.weight" for name, _ in linears(module) if in_a_block(name))
