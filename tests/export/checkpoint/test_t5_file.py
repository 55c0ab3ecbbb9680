from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import T5EncoderModel

from export.checkpoint.header import read_header
from export.checkpoint.pipeline import build_module
from export.checkpoint.t5_file import T5File
from export.checkpoint.weights import read_weight
from export.errors import ExportError
from export.random.architectures import T5_XXL
from export.random.checkpoint import TEXT_ENCODER
from export.random.t5_file import Kind, write_random_t5_file

QUERY = "encoder.block.1.layer.0.SelfAttention.q"


def opened(file: Path) -> T5File:
    part = T5File(file, read_header(file))
    part.require_layout()
    return part


def written(folder: Path, kind: Kind) -> Path:
    file = folder / f"{kind}.safetensors"
    write_random_t5_file(file, kind, config={"vocab_size": 300})
    return file


@pytest.mark.parametrize(("kind", "bound"), [("fp16", 3e-4), ("fp8", 0), ("fp8_scaled", 0.04)])
def test_weights_are_the_stored_ones_in_every_type(
    kind: Kind, bound: float, tmp_path: Path
) -> None:
    exact = load_file(written(tmp_path, "fp32"))
    sources = opened(written(tmp_path, kind)).weights("text_encoder")
    assert sources.keys() == exact.keys()
    for name, source in sources.items():
        weight = read_weight(source, torch.float32)
        assert weight.dtype is torch.float32
        expected = exact[name]
        if kind == "fp8":  # without scales, it has no digits for what is small
            expected = expected.to(torch.float8_e4m3fn).float()
        assert (weight - expected).norm() <= bound * expected.norm(), name
    assert any(source.scale_key for source in sources.values()) == (kind == "fp8_scaled")


def test_a_scale_multiplies_what_is_stored(tmp_path: Path) -> None:
    file = written(tmp_path, "fp8_scaled")
    stored = load_file(file)
    expected = stored[f"{QUERY}.weight"].float() * stored[f"{QUERY}.scale_weight"]
    source = opened(file).weights("text_encoder")[f"{QUERY}.weight"]
    assert torch.equal(read_weight(source, torch.float32), expected)
    assert expected.abs().max() > 0.1


@pytest.mark.parametrize("size", [{}, T5_XXL])
def test_the_config_follows_from_the_shapes(size: dict[str, int], tmp_path: Path) -> None:
    from transformers import T5Config

    from export.checkpoint.header import Header, Tensor

    expected = T5Config(**{"vocab_size": 300} | TEXT_ENCODER | size)
    with torch.device("meta"):
        state = T5EncoderModel(expected).state_dict()
    header = Header({name: Tensor("F16", tuple(value.shape)) for name, value in state.items()})
    part = T5File(tmp_path / "t5.safetensors", header)
    part.require_layout()
    found = build_module(part, "text_encoder")
    assert {name: value.shape for name, value in found.state_dict().items()} == {
        name: value.shape for name, value in state.items()
    }
    for name in ("num_heads", "d_kv", "num_layers", "dense_act_fn", "is_gated_act"):
        assert getattr(found.config, name) == getattr(expected, name), name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: {QUERY: state[f"{QUERY}.weight"]}, "expected the encoder of T5 v1.1, such"),
        (
            lambda state: state | {f"{QUERY}.weight": torch.ones(2, 2, dtype=torch.int8)},
            "q.weight is stored as I8, expected F32, F16, BF16, F8_E4M3",
        ),
        (
            lambda state: state | {f"{QUERY}.scale_weight": torch.ones(2)},
            r"q.scale_weight has shape \(2,\), expected a single number",
        ),
    ],
)
def test_other_files_are_refused(change: object, message: str, tmp_path: Path) -> None:
    assert callable(change)
    file = tmp_path / "changed.safetensors"
    save_file(change(load_file(written(tmp_path, "fp16"))), file)
    with pytest.raises(ExportError, match=message):
        opened(file)
