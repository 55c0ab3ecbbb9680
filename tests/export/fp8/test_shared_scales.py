from export.fp8.record import Scales
from export.fp8.shared_scales import share_weight_scales


def shared(**weights: float) -> dict[str, float]:
    """The weight scales after sharing; `__` stands for a dot."""
    layers = {name.replace("__", "."): Scales(0.5, weight) for name, weight in weights.items()}
    found = share_weight_scales(layers)
    assert {scales.input for scales in found.values()} == {0.5}
    return {name.replace(".", "__"): scales.weight for name, scales in found.items()}


def test_queries_keys_and_values_of_a_self_attention_share_the_largest() -> None:
    assert shared(
        transformer_blocks__0__attn1__to_q=1.0,
        transformer_blocks__0__attn1__to_k=3.0,
        transformer_blocks__0__attn1__to_v=2.0,
        transformer_blocks__1__attn1__to_q=0.5,
    ) == {
        "transformer_blocks__0__attn1__to_q": 3.0,
        "transformer_blocks__0__attn1__to_k": 3.0,
        "transformer_blocks__0__attn1__to_v": 3.0,
        "transformer_blocks__1__attn1__to_q": 0.5,
    }


def test_keys_and_values_of_all_cross_attentions_share_the_largest() -> None:
    assert shared(
        transformer_blocks__0__attn2__to_k=1.0,
        transformer_blocks__12__attn2__to_v=4.0,
        transformer_blocks__12__attn2__to_q=2.0,
    ) == {
        "transformer_blocks__0__attn2__to_k": 4.0,
        "transformer_blocks__12__attn2__to_v": 4.0,
        "transformer_blocks__12__attn2__to_q": 2.0,
    }


def test_other_linears_keep_their_own() -> None:
    own = {"transformer_blocks__0__attn1__to_out__0": 1.0, "proj_in": 2.0}

    assert shared(**own) == own
