from pathlib import Path

import openvino
import pytest

from benchmarks.fusion import operators
from ltx_triton.contract import VAE_DECODER
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.openvino.compile import compile_graph
from ltx_triton.engines.openvino.decoder_graphs import to_features, to_pixels
from ltx_triton.repository.layout import ENGINE_FILE, version_folder


@pytest.fixture
def graph(demo_repository: Path) -> openvino.Model:
    return openvino.Core().read_model(version_folder(demo_repository, VAE_DECODER) / ENGINE_FILE)


def test_features_are_half_as_many_as_the_frames(graph: openvino.Model) -> None:
    part = to_features(graph)

    part.reshape({name: [1, 4, 16, 16, 78] for name in ("latents", "noise")})

    assert part.output(0).shape == [1, 24, 13, 64, 64]


def test_pixels_have_the_shape_of_the_whole_graph(graph: openvino.Model) -> None:
    part = to_pixels(graph, [1, 24, 13, 64, 64], [1, 4, 16, 16, 78])

    assert part.output("frames").shape == [1, 25, 512, 512, 3]


def test_pixels_are_moved_to_their_places_as_bytes(graph: openvino.Model) -> None:
    engine = compile_graph(to_pixels(graph, [1, 24, 5, 8, 8], [1, 2, 2, 2, 78]), CpuPrecision.FP32)

    moves = [each for each in operators(engine) if each.kind == "Transpose"]
    assert [each.type for each in moves].count("u8") == 1
