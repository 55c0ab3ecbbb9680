"""Engines in ONNX Runtime, in the real Triton."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ltx_triton.contract import ENGINES
from ltx_triton.launcher.local_triton import LocalTriton
from ltx_triton.video_spec import VideoSpec
from tests.model_repository.client import describe, generate_all, mapped_files

REQUEST = VideoSpec(prompt="a red ball", num_frames=9, height=64, width=96, frame_rate=8.0, seed=1)


@pytest.fixture(scope="module")
def in_onnxruntime(repository: Path) -> Iterator[LocalTriton]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CPU_RUNTIME", "onnxruntime")
        with LocalTriton(repository) as server:
            yield server


def test_videos_are_those_of_openvino(triton: LocalTriton, in_onnxruntime: LocalTriton) -> None:
    [expected], [actual] = (
        generate_all(server.grpc_address, [REQUEST]) for server in (triton, in_onnxruntime)
    )

    assert np.abs(actual.frames.astype(int) - expected.frames).max() <= 1
    assert describe(in_onnxruntime.grpc_address).precision == "fp32"


def test_each_process_has_one_runtime(in_onnxruntime: LocalTriton) -> None:
    maps = {model.name: mapped_files(in_onnxruntime, model.name) for model in ENGINES}

    for runtime, models in (
        ("onnxruntime", {"text_encoder", "transformer"}),
        ("openvino", {"vae_decoder"}),
    ):
        assert {model for model, files in maps.items() if f"/{runtime}/" in files} == models
