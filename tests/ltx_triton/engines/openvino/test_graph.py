from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import openvino
from numpy.typing import NDArray

from ltx_triton.contract import TRANSFORMER
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.openvino.graph import Graph
from ltx_triton.repository.layout import ENGINE_FILE, version_folder


def step(frames: int) -> dict[str, NDArray[Any]]:
    generator = np.random.default_rng(frames)
    return {
        "latents": generator.standard_normal((1, frames, 16, 16, 78), np.float32),
        "prompt_embeds": generator.standard_normal((1, 32, 128), np.float32),
        "attention_mask": np.ones((1, 32), np.int32),
        "frame_rate": np.full((1, 1), 24, np.float32),
        "sigma": np.full((1, 1), 1.0, np.float32),
        "sigma_next": np.full((1, 1), 0.5, np.float32),
    }


def test_a_step_gives_the_same_after_memory_was_released(demo_repository: Path) -> None:
    """In a process of its own: OpenVINO's fault that this guards against would end it."""
    file = version_folder(demo_repository, TRANSFORMER) / ENGINE_FILE
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        outputs = pool.submit(steps_with_releases, file).result()

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    exact = session.run(["latents_out"], step(5))[0]
    for output in outputs:
        assert np.abs(output - exact).max() < 1e-3


def steps_with_releases(file: Path) -> list[NDArray[np.float32]]:
    graph = Graph(openvino.Core().read_model(file), CpuPrecision.FP32)
    outputs = []
    for _ in range(4):
        outputs.append(graph.run(step(5))["latents_out"].copy())
        graph.release()
    graph.run(step(1))
    return [*outputs, graph.run(step(5))["latents_out"].copy()]
