"""List the operators that OpenVINO runs for the demo engines, and check their fusions."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import openvino

from ltx_triton.contract import TRANSFORMER, VAE_DECODER
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.openvino.compile import compile_graph
from ltx_triton.engines.openvino.decoder_graphs import to_pixels
from ltx_triton.repository.layout import ENGINE_FILE, version_folder

_LAYERS = 5
# Least number of operators of a kind. `Subgraph` is OpenVINO's for fused chains, of which each
# attention is one: its scores are never stored.
_EXPECTED = {
    TRANSFORMER.name: {"RoPE": 2 * _LAYERS, "Subgraph": 2 * _LAYERS},
    VAE_DECODER.name: {"Subgraph": 7},
}


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


def compile_demo(repository: Path, precision: CpuPrecision) -> dict[str, openvino.CompiledModel]:
    """Compile the transformer, and the decoder from its features for the default request."""
    graphs = {
        model.name: openvino.Core().read_model(version_folder(repository, model) / ENGINE_FILE)
        for model in (TRANSFORMER, VAE_DECODER)
    }
    decoder = graphs[VAE_DECODER.name]
    graphs[VAE_DECODER.name] = to_pixels(decoder, [1, 24, 13, 64, 64], [1, 4, 16, 16, 78])
    return {name: compile_graph(graph, precision) for name, graph in graphs.items()}


def lost(repository: Path, precision: CpuPrecision) -> list[str]:
    """Describe each fusion that is missing."""
    found = []
    for name, engine in compile_demo(repository, precision).items():
        counts = Counter(operator.kind for operator in operators(engine))
        found += [
            f"{name} in {precision} has {counts[kind]} operators {kind}, at least {least} expected"
            for kind, least in _EXPECTED[name].items()
            if counts[kind] < least
        ]
        if counts["Softmax"]:
            found.append(f"{name} in {precision} stores the scores of {counts['Softmax']} softmax")
    return found
