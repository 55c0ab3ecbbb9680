from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ltx_triton.contract import TEXT_ENCODER, TRANSFORMER, ModelContract
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.onnxruntime.session import OnnxRuntimeSession
from ltx_triton.engines.openvino.session import OpenVinoSession
from ltx_triton.engines.session import Arrays
from ltx_triton.repository.layout import ENGINE_FILE, version_folder
from tests.ltx_triton.engines.heavy import held_bytes, write_text_encoder
from tests.ltx_triton.engines.openvino.test_session import TOLERANCES, relative_error

MB = 2**20


def text(batch: int) -> dict[str, NDArray[np.int32]]:
    ids = np.random.default_rng(0).integers(3, 100, (batch, 32)).astype(np.int32)
    return {"input_ids": ids, "attention_mask": (np.arange(32) < 9).astype(np.int32) + 0 * ids}


def step(batch: int) -> Arrays:
    generator = np.random.default_rng(0)
    return {
        "latents": generator.standard_normal((batch, 3, 16, 8, 78), np.float32),
        "prompt_embeds": generator.standard_normal((batch, 32, 128), np.float32),
        "attention_mask": text(batch)["attention_mask"],
        "frame_rate": np.full((batch, 1), 8, np.float32),
        "sigma": np.full((batch, 1), 1.0, np.float32),
        "sigma_next": np.full((batch, 1), 0.8, np.float32),
    }


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(("contract", "draw"), [(TEXT_ENCODER, text), (TRANSFORMER, step)])
def test_it_computes_what_openvino_does(
    demo_repository: Path, contract: ModelContract, draw: object, batch: int
) -> None:
    assert callable(draw)
    file, inputs = version_folder(demo_repository, contract) / ENGINE_FILE, draw(batch)

    exact = OpenVinoSession(file, contract, CpuPrecision.FP32).run(inputs)
    actual = OnnxRuntimeSession(file, contract).run(inputs)

    assert list(actual) == list(exact)
    for name, output in actual.items():
        assert output.dtype == exact[name].dtype
        unchanged = inputs.get("latents", 0)
        assert (
            relative_error(exact[name] - unchanged, output - unchanged)
            < TOLERANCES[CpuPrecision.FP32]
        )


@pytest.mark.parametrize(
    ("contract", "least", "most"), [(TEXT_ENCODER, 0, 1e-6), (TRANSFORMER, 2e-3, 0.03)]
)
def test_beside_int8_weights_only_the_text_encoders_inputs_are_not_rounded(
    contract: ModelContract, least: float, most: float, tmp_path: Path
) -> None:
    """The runtime rounds them as it packs the weights, so this shows that it does."""
    weights = write_int8_product(tmp_path / ENGINE_FILE, contract)
    tokens = np.random.default_rng(1).standard_normal((1, 32, len(weights)), np.float32)
    tokens[..., ::32] *= 300  # one outlier in each group that shares a scale

    session = OnnxRuntimeSession(tmp_path / ENGINE_FILE, contract)
    (output,) = session.run({contract.inputs[0].name: tokens}).values()

    assert least <= relative_error(tokens @ weights, output) < most


def write_int8_product(file: Path, contract: ModelContract) -> NDArray[np.float32]:
    """Write a graph of one product with weights in INT8; return these weights."""
    exact = np.random.default_rng(0).standard_normal((256, 256), np.float32) / 16
    scales = np.abs(exact).max(axis=0) / 127
    stored = np.round(exact / scales).astype(np.int8)
    source, result = contract.inputs[0].name, contract.outputs[0].name
    graph = helper.make_graph(
        [
            helper.make_node("DequantizeLinear", ["stored", "scales"], ["weights"], axis=1),
            helper.make_node("MatMul", [source, "weights"], [result]),
        ],
        contract.name,
        [helper.make_tensor_value_info(source, TensorProto.FLOAT, ["B", "T", 256])],
        [helper.make_tensor_value_info(result, TensorProto.FLOAT, ["B", "T", 256])],
        [numpy_helper.from_array(stored, "stored"), numpy_helper.from_array(scales, "scales")],
    )
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), file)
    weights: NDArray[np.float32] = stored * scales
    return weights


@pytest.mark.alone
def test_weights_are_mapped_and_not_held(tmp_path: Path) -> None:
    write_text_encoder(tmp_path / ENGINE_FILE, megabytes=128)

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        anonymous, mapped = pool.submit(grown_by_a_run, tmp_path / ENGINE_FILE).result()

    assert mapped > 128 * MB
    assert anonymous < 32 * MB


def grown_by_a_run(file: Path) -> tuple[int, int]:
    """Bytes that the process holds more with the engine after a run: anonymous, and of files."""
    before = held_bytes()
    session = OnnxRuntimeSession(file, TEXT_ENCODER)
    session.run(text(1))
    after = held_bytes()
    return after.anonymous - before.anonymous, after.mapped - before.mapped
