"""Which linears take INT8 weights."""

import re

from torch import nn

# Those of the blocks hold nearly all the weights.
_BLOCK = re.compile(r"(?:^|\.)(?:transformer_blocks|encoder\.block)\.\d+\.")


def int8_weights(module: nn.Module) -> frozenset[str]:
    """Return the names of the weights in diffusers' transformer, T5 or a module around them."""
    return frozenset(
        f"{name}.weight"
        for name, child in module.named_modules()
        if type(child) is nn.Linear and _BLOCK.search(name)
    )
