"""The transformer's graph cut at the keys and values of its cross-attentions."""

import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import onnx

from benchmarks.baselines.inputs import Arrays
from ltx_triton.contract import TRANSFORMER, Tensor
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.openvino.session import OpenVinoSession

_TEXT = TRANSFORMER.inputs[1]
_LAST_WEIGHT = re.compile(r"\.attn2\.(norm_k\.weight|to_v\.bias)\b")  # of keys, of values


@dataclass(frozen=True)
class TextHalves:
    projections: OpenVinoSession  # from the text to keys and values
    step: OpenVinoSession  # takes those instead of the text

    def project(self, inputs: Arrays) -> Arrays:
        """Return the inputs of `step` for inputs of the whole graph."""
        keys_and_values = self.projections.run({_TEXT.name: inputs[_TEXT.name]})
        return {name: inputs[name] for name in inputs if name != _TEXT.name} | keys_and_values


def cut(engine: Path, precision: CpuPrecision) -> TextHalves:
    """Open both halves of an exported transformer."""
    model = onnx.load(engine)
    names = _name_keys_and_values(model)
    keys_and_values = tuple(Tensor(name, "FP32", _TEXT.dims) for name in names)
    others = tuple(tensor for tensor in TRANSFORMER.inputs if tensor != _TEXT)
    extractor = onnx.utils.Extractor(model)

    def extracted(inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]) -> OpenVinoSession:
        part = extractor.extract_model(*([each.name for each in end] for end in (inputs, outputs)))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / engine.name
            onnx.save(part, file)
            contract = replace(TRANSFORMER, inputs=inputs, outputs=outputs)
            return OpenVinoSession(file, contract, precision)

    return TextHalves(
        projections=extracted((_TEXT,), keys_and_values),
        step=extracted((*others, *keys_and_values), TRANSFORMER.outputs),
    )


def _name_keys_and_values(model: onnx.ModelProto) -> list[str]:
    """Return the tensors to cut at, and give the graph their shapes."""
    graph = model.graph
    names = [
        node.output[0]
        for node in graph.node
        if node.op_type in ("Mul", "Add") and any(map(_LAST_WEIGHT.search, node.input))
    ]
    (width,) = {each.dims[0] for each in graph.initializer if _LAST_WEIGHT.search(each.name)}
    shape = ("batch", "tokens", width)
    graph.value_info.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name in names
    )
    for node in graph.node:
        if node.op_type == "Shape" and node.input[0] == _TEXT.name:
            node.input[0] = names[0]  # has as many tokens
    return names
