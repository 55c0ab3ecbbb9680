"""Simplification of a translated graph: constants folded, operators that do nothing removed."""

import onnx_ir
from onnx_ir.passes import Sequential, common
from onnxscript import optimizer, rewriter
from onnxscript.rewriter.rules import common as rules

# onnxscript's own `optimize` has more rules, none of which finds anything in these graphs; one of
# them compares all pairs of nodes, which takes minutes for a graph of dozens of layers.
_RULES = (
    rules.add_0_rule,
    rules.cast_cast_rule,
    rules.collapse_slice_rule,
    rules.div_by_1_rule,
    rules.materialize_reshape_shape_rule,
    rules.min_max_rule,
    rules.max_min_rule,
    rules.mul_by_1_rule,
    rules.no_op_cast_rule,
    rules.no_op_expand_rule,
    rules.no_op_transpose_rule,
    rules.reshape_reshape_rule,
    rules.squeeze_reshape_1d_rule,
    rules.sub_0_rule,
    rules.transpose_transpose_rule,
    rules.unsqueeze_unsqueeze_rule,
)
_ROUNDS = 2  # folding in one round gives the next round's rules something to match


def simplify(model: onnx_ir.Model) -> None:
    """Simplify `model` in place. Initializers without values are left as they are."""
    common.InlinePass()(model)
    for _ in range(_ROUNDS):
        optimizer.fold_constants(model, onnx_shape_inference=True)
        rewriter.rewrite(model, _RULES)
    Sequential(
        common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
        common.DeduplicateInitializersPass(),
        common.CommonSubexpressionEliminationPass(),
        common.RemoveUnusedNodesPass(),
        common.NameFixPass(),
    )(model)
