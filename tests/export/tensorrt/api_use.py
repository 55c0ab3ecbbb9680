"""What of TensorRT's API a source file uses, read from its syntax tree."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Use:
    """`path`: "BuilderFlag.TF32", "ICudaEngine.num_layers" ..."""

    path: str
    line: int


def uses(file: Path, objects: Mapping[str, str]) -> Iterator[Use]:
    """Everything taken from the module, which is called `trt`, and from its objects.

    Args:
        file: source code.
        objects: variable name, or attribute of self -> TensorRT class of the object.
    """
    yield from uses_in(ast.parse(file.read_text()), objects)


def uses_in(tree: ast.AST, objects: Mapping[str, str]) -> Iterator[Use]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Attribute):
            names = _dotted(node)
            if "trt" in names[:-1]:
                first = names.index("trt") + 1
                yield Use(".".join(names[first : first + 2]), node.lineno)
                continue
            *owners, attribute = names
            known = next((name for name in reversed(owners) if name in objects), None)
            if known is not None and owners[-1] == known:
                yield Use(f"{objects[known]}.{attribute}", node.lineno)
                continue
        yield from uses_in(node, objects)


def _dotted(node: ast.expr) -> list[str]:
    """["self", "library", "trt", "Runtime"] of `self.library.trt.Runtime`."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        names.insert(0, node.id)
    return names
