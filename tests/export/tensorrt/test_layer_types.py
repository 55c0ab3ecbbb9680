"""On stand-ins for TensorRT 8.6's layers: a network can only be made where there is a GPU."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from export.errors import ExportError
from export.tensorrt.layer_types import require_precision, set_layer_types

KINDS = ("CONSTANT", "CAST", "SHAPE", "ELEMENTWISE", "GATHER", "SOFTMAX")


@dataclass
class Tensor:
    name: str
    dtype: str = "float32"  # what 8.6 says of all that has not been told otherwise


@dataclass(eq=False)
class Layer:
    type: str
    inputs: tuple[Tensor | None, ...]
    output: Tensor
    weights: Any = None
    to_type: str | None = None
    precision: str | None = None
    output_types: dict[int, str] = field(default_factory=dict)
    num_outputs = 1

    @property
    def num_inputs(self) -> int:
        return len(self.inputs)

    def get_input(self, index: int) -> Tensor | None:
        return self.inputs[index]

    def get_output(self, _: int) -> Tensor:
        return self.output

    def set_output_type(self, index: int, kind: str) -> None:
        self.output_types[index] = kind


class Network:
    """x -> cast to half -> times a constant -> cast back -> softmax; and its shape, gathered."""

    def __init__(self) -> None:
        x, half, weight = Tensor("x"), Tensor("half", "float16"), Tensor("weight")
        product, back = Tensor("product"), Tensor("back")
        shape, size = Tensor("shape", "int32"), Tensor("size", "int32")
        self.inputs = [x, Tensor("ids", "int32")]
        self.layers = {
            "cast": Layer("CAST", (x,), half, to_type="float16"),
            "weight": Layer("CONSTANT", (), weight, weights=SimpleNamespace(dtype="float16")),
            "times": Layer("ELEMENTWISE", (half, weight), product),
            "back": Layer("CAST", (product,), back, to_type="float32"),
            "softmax": Layer("SOFTMAX", (back, None), Tensor("result")),
            "shape": Layer("SHAPE", (half,), shape),
            "gather": Layer("GATHER", (shape,), size),
        }
        self.num_inputs = len(self.inputs)
        self.num_layers = len(self.layers)

    def get_input(self, index: int) -> Tensor:
        return self.inputs[index]

    def get_layer(self, index: int) -> Layer:
        return list(self.layers.values())[index]


@pytest.fixture
def library() -> Any:
    trt = SimpleNamespace(
        __version__="8.6.1",
        float32="float32",
        float16="float16",
        LayerType=SimpleNamespace(**{kind: kind for kind in KINDS}),
        BuilderFlag=SimpleNamespace(FP16="fp16", OBEY_PRECISION_CONSTRAINTS="obey"),
        IConstantLayer=Layer,
        ICastLayer=Layer,
    )
    return SimpleNamespace(trt=trt, strongly_typed=False)


def test_fp16_layers_are_told_what_the_graph_says(library: Any) -> None:
    network = Network()
    flags: set[str] = set()
    set_layer_types(library, SimpleNamespace(set_flag=flags.add), network, "fp16")

    assert flags == {"fp16", "obey"}
    told = {name: (layer.precision, layer.output_types) for name, layer in network.layers.items()}
    assert told == {
        "cast": (None, {}),
        "weight": (None, {}),
        "times": ("float16", {0: "float16"}),
        "back": (None, {}),
        "softmax": ("float32", {0: "float32"}),
        "shape": (None, {}),
        "gather": (None, {}),
    }


def test_fp32_needs_no_telling(library: Any) -> None:
    network = Network()
    flags: set[str] = set()
    set_layer_types(library, SimpleNamespace(set_flag=flags.add), network, "fp32")

    assert flags == set()
    assert {layer.precision for layer in network.layers.values()} == {None}


@pytest.mark.parametrize("precision", ["bf16", "fp8"])
def test_what_8_6_has_not_is_refused(library: Any, precision: str) -> None:
    with pytest.raises(
        ExportError, match=f"TensorRT 8.6.1 has no {precision}; allowed: fp32, fp16"
    ):
        require_precision(library, precision)
    require_precision(library, "fp16")
    require_precision(SimpleNamespace(strongly_typed=True), precision)
