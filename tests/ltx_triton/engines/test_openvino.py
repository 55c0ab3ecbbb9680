"""These tests also pass on processors without BF16, where OpenVINO computes in FP32."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ltx_triton.contract import LTX_VIDEO, TEXT_ENCODER, TRANSFORMER, VAE_DECODER, ModelContract
from ltx_triton.engines.onnxruntime import OnnxRuntimeSession
from ltx_triton.engines.openvino import OpenVinoSession, compile_engine
from ltx_triton.engines.session import Arrays
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.pipeline.tokenizer import PromptTokenizer
from ltx_triton.repository.layout import ENGINE_FILE, version_folder

PROMPT = "a large blue star moving left on a white background"


class SessionPair:
    """The same engine of the demo checkpoint in FP32 and in BF16."""

    def __init__(self, repository: Path, contract: ModelContract) -> None:
        file = version_folder(repository, contract) / ENGINE_FILE
        self._sessions = OnnxRuntimeSession(file, contract), OpenVinoSession(file, contract)
        self._output = contract.outputs[0].name

    def run(self, inputs: Arrays) -> tuple[NDArray[Any], NDArray[Any]]:
        fp32, bf16 = (session.run(inputs)[self._output] for session in self._sessions)
        assert fp32.dtype == bf16.dtype
        assert fp32.shape == bf16.shape
        return fp32, bf16


def relative_error(exact: NDArray[Any], rounded: NDArray[Any]) -> float:
    return float(np.linalg.norm(rounded - exact) / np.linalg.norm(exact))


@pytest.fixture(scope="module")
def text(demo_repository: Path) -> dict[str, NDArray[Any]]:
    """Prompt embeddings and attention mask of the prompt."""
    folder = version_folder(demo_repository, LTX_VIDEO)
    tokens = PromptTokenizer(folder, PipelineConfig.load(folder)).encode(PROMPT)
    fp32, bf16 = SessionPair(demo_repository, TEXT_ENCODER).run(
        {"input_ids": tokens.input_ids, "attention_mask": tokens.attention_mask}
    )
    assert relative_error(fp32, bf16) < 0.01
    return {"prompt_embeds": fp32, "attention_mask": tokens.attention_mask}


@pytest.mark.parametrize(("batch", "latent_height"), [(1, 16), (2, 8)])
def test_a_step_in_bf16_is_within_rounding_of_fp32(
    demo_repository: Path, text: dict[str, NDArray[Any]], batch: int, latent_height: int
) -> None:
    """Rounding positions and timesteps to BF16 would multiply the error."""
    latents = np.random.default_rng(0).standard_normal(
        (batch, 4, latent_height, 16, 78), np.float32
    )
    step = {"frame_rate": 8.0, "sigma": 1.0, "sigma_next": 0.8}

    fp32, bf16 = SessionPair(demo_repository, TRANSFORMER).run(
        {"latents": latents}
        | {name: np.repeat(array, batch, axis=0) for name, array in text.items()}
        | {name: np.full((batch, 1), value, np.float32) for name, value in step.items()}
    )

    assert relative_error(fp32 - latents, bf16 - latents) < 0.01


def test_the_rotary_embedding_is_one_operator_for_each_query_and_key(
    demo_repository: Path,
) -> None:
    """5 layers rotate one query and one key each."""
    engine = compile_engine(version_folder(demo_repository, TRANSFORMER) / ENGINE_FILE)
    operators = [
        (node.get_rt_info()["layerType"].astype(str), node.get_output_partial_shape(0))
        for node in engine.get_runtime_model().get_ops()
    ]

    assert [kind for kind, _ in operators].count("RoPE") == 5 * 2
    # Rotation in several operators would end by concatenating pairs: [B, N, D / 2, 2].
    assert not [kind for kind, shape in operators if kind == "Concatenation" and shape[-1] == 2]


def test_frames_in_bf16_are_close_to_fp32(demo_repository: Path) -> None:
    latents = np.random.default_rng(0).standard_normal((1, 2, 4, 6, 78), np.float32)

    fp32, bf16 = SessionPair(demo_repository, VAE_DECODER).run(
        {"latents": latents, "noise": np.zeros_like(latents)}
    )

    assert fp32.dtype == np.uint8
    assert np.abs(fp32.astype(int) - bf16.astype(int)).mean() < 1


def test_outputs_are_not_overwritten_by_the_next_run(
    demo_repository: Path, text: dict[str, NDArray[Any]]
) -> None:
    session = OpenVinoSession(
        version_folder(demo_repository, TEXT_ENCODER) / ENGINE_FILE, TEXT_ENCODER
    )
    mask = text["attention_mask"]
    first, second = (
        session.run({"input_ids": np.full_like(mask, token), "attention_mask": mask})
        for token in (3, 4)
    )

    assert not np.array_equal(first["prompt_embeds"], second["prompt_embeds"])


def test_reports_the_memory_of_the_process(demo_repository: Path) -> None:
    file = version_folder(demo_repository, VAE_DECODER) / ENGINE_FILE

    assert OpenVinoSession(file, VAE_DECODER).memory_bytes() > 50 * 2**20
