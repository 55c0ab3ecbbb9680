"""Give linears that TensorRT merges into one product one weight scale.

They read the same values: the queries, keys and values of a self-attention, and the keys and values
of the cross-attentions of all blocks, which read the caption. With scales of their own, the results
of the former need another pass over [tokens, 3 x width], and the latter are not merged.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from export.fp8.record import Scales

_SELF_ATTENTION = re.compile(r"(transformer_blocks\.\d+\.attn1)\.to_[qkv]")
_CROSS_ATTENTION = re.compile(r"transformer_blocks\.\d+\.(attn2)\.to_[kv]")


def share_weight_scales(layers: Mapping[str, Scales]) -> dict[str, Scales]:
    """Return the scales with the largest weight scale of each merged product in all its linears."""
    largest: dict[str, float] = {}
    for name, scales in layers.items():
        product = _product(name)
        largest[product] = max(scales.weight, largest.get(product, 0.0))
    return {
        name: replace(scales, weight=largest[_product(name)]) for name, scales in layers.items()
    }


def _product(name: str) -> str:
    merged = _SELF_ATTENTION.fullmatch(name) or _CROSS_ATTENTION.fullmatch(name)
    return merged[1] if merged else name
