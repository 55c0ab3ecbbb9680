"""Fold transpositions of weights into the stored weights."""

import onnx_ir


def fold_transposes(model: onnx_ir.Model) -> dict[str, tuple[int, ...]]:
    """Remove Transpose nodes that only read a weight; return the permutations.

    Store the weights transposed then, as constant folding would if they had values.
    """
    permutations = {}
    for name, weight in model.graph.initializers.items():
        readers = [use.node for use in weight.uses()]
        if weight.const_value is not None or len(readers) != 1:
            continue
        node = readers[0]
        if node.op_type != "Transpose":
            continue
        output = node.outputs[0]
        permutation = tuple(node.attributes["perm"].as_ints())
        shape = weight.shape.numpy() if weight.shape is not None else ()
        weight.shape = onnx_ir.Shape([shape[axis] for axis in permutation])
        output.replace_all_uses_with(weight)
        model.graph.remove(node, safe=True)
        permutations[name] = permutation
    return permutations
