"""An engine with many weights, and the memory of the process that runs it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ltx_triton.repository.layout import DATA_FILE

_SIDE = 1024  # of a matrix of 4 MiB


def write_text_encoder(file: Path, megabytes: int) -> None:
    """Write one that multiplies each token with random matrices, one after the other."""
    generator = np.random.default_rng(0)
    layers = megabytes // 4
    weights = [
        numpy_helper.from_array(
            generator.standard_normal((_SIDE, _SIDE), np.float32) / _SIDE**0.5, f"weight {layer}"
        )
        for layer in range(layers)
    ]
    shapes = [
        numpy_helper.from_array(np.array([2]), "axis"),
        numpy_helper.from_array(np.array([1, 1, _SIDE]), "shape"),
    ]
    nodes = [
        helper.make_node("Cast", ["input_ids"], ["ids"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["ids", "axis"], ["row"]),
        helper.make_node("Expand", ["row", "shape"], ["0"]),
        *(
            helper.make_node("MatMul", [str(layer), f"weight {layer}"], [str(layer + 1)])
            for layer in range(layers)
        ),
        helper.make_node("Identity", [str(layers)], ["prompt_embeds"]),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT32, ["B", "T"])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info("prompt_embeds", TensorProto.FLOAT, ["B", "T", _SIDE])
    graph = helper.make_graph(nodes, "text_encoder", inputs, [output], [*weights, *shapes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    onnx.save(model, file, save_as_external_data=True, location=DATA_FILE)


@dataclass(frozen=True)
class Held:
    """Bytes of memory."""

    anonymous: int
    mapped: int  # from files: the kernel can drop them


def held_bytes() -> Held:
    """What this process holds."""
    lines = Path("/proc/self/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    anonymous, mapped = (1024 * int(fields[name].split()[0]) for name in ("RssAnon", "RssFile"))
    return Held(anonymous, mapped)
