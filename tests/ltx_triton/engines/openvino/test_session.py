"""These tests also pass on processors without BF16, where OpenVINO computes in FP32."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from ltx_triton.contract import LTX_VIDEO, TEXT_ENCODER, TRANSFORMER, ModelContract
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.openvino import session
from ltx_triton.engines.openvino.session import OpenVinoSession
from ltx_triton.engines.session import Arrays
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.pipeline.tokenizer import PromptTokenizer
from ltx_triton.repository.layout import ENGINE_FILE, version_folder

PROMPT = "a large blue star moving left on a white background"


# Largest relative error (L2) against ONNX Runtime, which computes in FP32.
TOLERANCES = {CpuPrecision.FP32: 1e-4, CpuPrecision.BF16: 0.01}

precisions = pytest.mark.parametrize("precision", list(CpuPrecision))


class SessionPair:
    """The same engine of the demo checkpoint in ONNX Runtime and in OpenVINO."""

    def __init__(
        self, repository: Path, contract: ModelContract, precision: CpuPrecision = CpuPrecision.FP32
    ) -> None:
        file = version_folder(repository, contract) / ENGINE_FILE
        self._reference = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        self._session = OpenVinoSession(file, contract, precision)
        self._output = contract.outputs[0].name

    def run(self, inputs: Arrays) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the output of ONNX Runtime, then that of OpenVINO."""
        exact = self._reference.run([self._output], inputs)[0]
        actual = self._session.run(inputs)[self._output]
        assert exact.dtype == actual.dtype
        assert exact.shape == actual.shape
        return exact, actual


def relative_error(exact: NDArray[Any], rounded: NDArray[Any]) -> float:
    return float(np.linalg.norm(rounded - exact) / np.linalg.norm(exact))


@pytest.fixture(scope="module")
def text(demo_repository: Path) -> dict[str, NDArray[Any]]:
    """Prompt embeddings and attention mask of the prompt."""
    folder = version_folder(demo_repository, LTX_VIDEO)
    tokens = PromptTokenizer(folder, PipelineConfig.load(folder)).encode(PROMPT)
    exact, _ = SessionPair(demo_repository, TEXT_ENCODER).run(
        {"input_ids": tokens.input_ids, "attention_mask": tokens.attention_mask}
    )
    return {"prompt_embeds": exact, "attention_mask": tokens.attention_mask}


@precisions
def test_prompt_embeddings_are_within_rounding(
    demo_repository: Path, text: dict[str, NDArray[Any]], precision: CpuPrecision
) -> None:
    mask = text["attention_mask"]

    exact, actual = SessionPair(demo_repository, TEXT_ENCODER, precision).run(
        {"input_ids": np.full_like(mask, 3), "attention_mask": mask}
    )

    assert relative_error(exact, actual) < TOLERANCES[precision]


@precisions
@pytest.mark.parametrize(("batch", "latent_height"), [(1, 16), (2, 8)])
def test_a_step_is_within_rounding(
    demo_repository: Path,
    text: dict[str, NDArray[Any]],
    batch: int,
    latent_height: int,
    precision: CpuPrecision,
) -> None:
    """Rounding positions and timesteps to BF16 would multiply the error."""
    latents = np.random.default_rng(0).standard_normal(
        (batch, 4, latent_height, 16, 78), np.float32
    )
    step = {"frame_rate": 8.0, "sigma": 1.0, "sigma_next": 0.8}

    exact, actual = SessionPair(demo_repository, TRANSFORMER, precision).run(
        {"latents": latents}
        | {name: np.repeat(array, batch, axis=0) for name, array in text.items()}
        | {name: np.full((batch, 1), value, np.float32) for name, value in step.items()}
    )

    assert relative_error(exact - latents, actual - latents) < TOLERANCES[precision]


def test_outputs_are_not_overwritten_by_the_next_run(
    demo_repository: Path, text: dict[str, NDArray[Any]]
) -> None:
    file = version_folder(demo_repository, TEXT_ENCODER) / ENGINE_FILE
    session = OpenVinoSession(file, TEXT_ENCODER, CpuPrecision.FP32)
    mask = text["attention_mask"]
    first, second = (
        session.run({"input_ids": np.full_like(mask, token), "attention_mask": mask})
        for token in (3, 4)
    )

    assert not np.array_equal(first["prompt_embeds"], second["prompt_embeds"])


def test_inputs_of_int8_weights_are_rounded_in_the_transformer_alone(demo_repository: Path) -> None:
    def group_size(contract: ModelContract) -> int:
        file = version_folder(demo_repository, contract) / ENGINE_FILE
        engine = OpenVinoSession(file, contract, CpuPrecision.FP32)
        compiled = engine._graph.compiled
        return int(compiled.get_property("DYNAMIC_QUANTIZATION_GROUP_SIZE"))

    assert group_size(TEXT_ENCODER) == 0
    assert group_size(TRANSFORMER) > 0


def test_reports_the_memory_of_the_process(demo_repository: Path) -> None:
    file = version_folder(demo_repository, TEXT_ENCODER) / ENGINE_FILE

    assert OpenVinoSession(file, TEXT_ENCODER, CpuPrecision.FP32).memory_bytes() > 50 * 2**20


def test_memory_of_a_large_run_is_given_back(demo_repository: Path) -> None:
    file = version_folder(demo_repository, TRANSFORMER) / ENGINE_FILE
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        kept, given_back = pool.submit(memory_after_a_large_run, file).result()

    assert kept - given_back > 50 * 2**20


def memory_after_a_large_run(file: Path) -> tuple[int, int]:
    """Bytes held when much may be kept, and when nothing."""
    large = {
        "latents": np.zeros((1, 17, 16, 16, 78), np.float32),
        "prompt_embeds": np.zeros((1, 32, 128), np.float32),
        "attention_mask": np.ones((1, 32), np.int32),
        "frame_rate": np.full((1, 1), 24, np.float32),
        "sigma": np.full((1, 1), 1.0, np.float32),
        "sigma_next": np.full((1, 1), 0.5, np.float32),
    }
    engine = OpenVinoSession(file, TRANSFORMER, CpuPrecision.FP32)
    held = []
    for session._KEPT_BYTES in (2**40, 0):
        engine.run(large)
        held.append(engine.memory_bytes())
    return held[0], held[1]
