from typing import Any

import openvino
import pytest

from ltx_triton.engines import calibration
from ltx_triton.engines.calibration import Calibration, EngineSeconds, calibrate
from ltx_triton.engines.cpu_precision import CpuPrecision, select_cpu_precision


def seconds(text: float, denoise: float, decode: float) -> EngineSeconds:
    return EngineSeconds(text=text, denoise=denoise, decode=decode)


def machine(pieces: EngineSeconds) -> Calibration:
    return Calibration(precision=CpuPrecision.FP32, cores=4, pieces=pieces)


def test_each_stage_takes_longer_by_as_much_as_its_piece() -> None:
    there, here = machine(seconds(0.1, 0.2, 0.4)), machine(seconds(0.2, 0.1, 0.4))
    assert here.estimate(seconds(5, 80, 50), there) == pytest.approx(2 * 5 + 80 / 2 + 50)


def test_the_machine_that_measured_takes_what_it_measured() -> None:
    here = machine(seconds(0.1, 0.2, 0.4))
    assert here.estimate(seconds(5, 80, 50), here) == pytest.approx(135)


def test_pieces_of_all_engines_are_timed_and_the_progress_ends_at_1(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = calibration._feed_forward
    monkeypatch.setattr(
        calibration,
        "_feed_forward",
        lambda *, tokens, width, inner, layers: small(
            tokens=tokens // 8, width=width // 8, inner=inner // 8, layers=layers
        ),
    )
    shares: list[float] = []

    found = calibrate(shares.append, seconds=0.3)

    assert found.precision == select_cpu_precision()
    assert min(dict(found.pieces).values()) > 0
    assert shares == sorted(shares)
    assert len(shares) > 3
    assert shares[-1] == 1


def test_the_text_piece_alone_runs_without_dynamic_quantization(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As `OpenVinoSession` runs T5."""
    graphs: list[Any] = []

    def keep(graph: Any, *_: Any) -> float:
        graphs.append(graph)
        return 1.0

    monkeypatch.setattr(calibration, "_time", keep)

    calibrate()

    groups = [
        int(graph.compiled.get_property("DYNAMIC_QUANTIZATION_GROUP_SIZE")) for graph in graphs
    ]
    assert groups[0] == 0
    assert min(groups[1:]) > 0


def test_the_linears_multiply_with_weights_that_stay_int8() -> None:
    """Not with FP32 ones, which OpenVINO would make of them once and read four times as long."""
    graph = calibration._feed_forward(tokens=32, width=512, inner=1024, layers=1)
    compiled = openvino.Core().compile_model(graph, "CPU")
    linears = [
        node
        for node in compiled.get_runtime_model().get_ops()
        if node.get_rt_info()["layerType"].astype(str) == "FullyConnected"
    ]
    assert len(linears) == 2
    for node in linears:
        weights = node.input_value(1).get_node()
        assert weights.get_rt_info()["outputPrecisions"].astype(str) == "i8"
