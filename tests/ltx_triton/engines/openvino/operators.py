"""What OpenVINO really runs."""

from dataclasses import dataclass

import openvino


@dataclass(frozen=True)
class Operator:
    kind: str
    type: str  # of its first output
    shape: openvino.PartialShape


def operators(engine: openvino.CompiledModel) -> list[Operator]:
    return [
        Operator(
            kind=node.get_rt_info()["layerType"].astype(str),
            type=node.get_output_element_type(0).to_string(),
            shape=node.get_output_partial_shape(0),
        )
        for node in engine.get_runtime_model().get_ops()
    ]
