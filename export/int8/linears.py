"""Which linears take INT8 weights."""

from torch import nn

from export.linears import in_a_block, linears


def int8_weights(module: nn.Module) -> frozenset[str]:
    """Return the names of the weights in diffusers' transformer, T5 or a module around them.

    The blocks hold nearly all the weights, and no group of their linears has more than four times
    its share of the error. The first and the last linear of the transformer have tens of times
    theirs, and those between hold too few weights to matter: benchmarks/results/int8_error.json.
    Runtimes do not copy T5's embeddings, but read the rows of a text from the mapped file.
    """
    return frozenset(f"{name}.weight" for name, _ in linears(module) if in_a_block(name))
