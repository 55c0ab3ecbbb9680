"""Which linears take INT8 weights."""

from torch import nn

from export.linears import in_a_block, linears


def int8_weights(module: nn.Module) -> frozenset[str]:
    """Return the names of the weights in diffusers' transformer, T5 or a module around them.

    The blocks hold nearly all the weights, and none of their groups costs more than its share. The
    linears around them cost up to 110 times theirs: benchmarks/results/precision_error_demo.json
    has the figures of a trained checkpoint. T5's embeddings stay as they are because no runtime
    copies them: it reads the rows of a text from the mapped file.
    """
    return frozenset(f"{name}.weight" for name, _ in linears(module) if in_a_block(name))
