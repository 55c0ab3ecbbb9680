from benchmarks.suite.text_projections import flops, parameters, transformer_graph
from export.random.checkpoint import TRANSFORMER

_LATENT = (3, 4, 5)
_TOKENS = 7


def test_projections_are_counted_as_by_hand() -> None:
    graph = transformer_graph(TRANSFORMER)
    width, caption = TRANSFORMER["cross_attention_dim"], TRANSFORMER["caption_channels"]
    weights = caption * width + width**2 + 2 * TRANSFORMER["num_layers"] * width**2
    biases = 2 * width + 2 * TRANSFORMER["num_layers"] * width

    assert flops(graph, _LATENT, _TOKENS)["projections"] == 2 * _TOKENS * weights
    assert parameters(graph)["projections"] == weights + biases


def test_of_the_rest_only_cross_attentions_grow_with_the_text() -> None:
    graph = transformer_graph(TRANSFORMER)
    short, long = (flops(graph, _LATENT, tokens)["others"] for tokens in (_TOKENS, 2 * _TOKENS))

    # Scores and weighted sums, a multiply-add each.
    each = 4 * 3 * 4 * 5 * TRANSFORMER["cross_attention_dim"]
    assert long - short == TRANSFORMER["num_layers"] * _TOKENS * each
