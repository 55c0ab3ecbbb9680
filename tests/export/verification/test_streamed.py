from pathlib import Path

import pytest
import torch
from diffusers import LTXVideoTransformer3DModel
from safetensors.torch import load_file, save_file
from torch import nn

from export.checkpoint.folder import FolderCheckpoint
from export.errors import ExportError
from export.verification.streamed import Rounding, stream_weights

FILE = "diffusion_pytorch_model.safetensors"


def unrounded(_: str, values: torch.Tensor) -> torch.Tensor:
    return values


def linear(folder: Path, rounding: Rounding = unrounded) -> nn.Module:
    with torch.device("meta"):
        model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    stream_weights(model, FolderCheckpoint(folder), "transformer", rounding)
    return model


@pytest.fixture
def weights(tmp_path: Path) -> dict[str, torch.Tensor]:
    real = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1)).state_dict()
    (tmp_path / "transformer").mkdir()
    save_file(real, tmp_path / "transformer" / FILE)
    return real


@torch.no_grad()
def test_weights_are_rounded_and_there_only_while_their_module_runs(
    weights: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    named: list[str] = []

    def to_bf16(name: str, values: torch.Tensor) -> torch.Tensor:
        named.append(name)
        return values.bfloat16().float()

    model = linear(tmp_path, to_bf16)
    absent: list[tuple[bool, ...]] = []
    model.get_submodule("1").register_forward_pre_hook(
        lambda *_: absent.append(tuple(weight.is_meta for weight in model.parameters()))
    )
    expected = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    expected.load_state_dict(weights)
    expected.bfloat16().float()

    inputs = torch.arange(3.0)[None]
    assert torch.equal(model(inputs), expected(inputs))

    assert named == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert absent == [(True, True, False, False)]
    assert all(parameter.is_meta for parameter in model.parameters())


def test_a_missing_weight_is_named(weights: dict[str, torch.Tensor], tmp_path: Path) -> None:
    del weights["1.bias"]
    save_file(weights, tmp_path / "transformer" / FILE)
    with pytest.raises(ExportError, match=r"has no weight 1\.bias"):
        linear(tmp_path)(torch.zeros(1, 3))


def test_a_weight_of_another_shape_is_named(
    weights: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    weights["0.weight"] = weights["0.weight"].T.contiguous()
    save_file(weights, tmp_path / "transformer" / FILE)
    with pytest.raises(ExportError, match=r"0\.weight has shape \(3, 2\), expected \(2, 3\)"):
        linear(tmp_path)(torch.zeros(1, 3))


@torch.no_grad()
def test_a_transformer_computes_what_diffusers_loads(checkpoint: FolderCheckpoint) -> None:
    folder = checkpoint.folder / "transformer"
    with torch.device("meta"):
        streamed = LTXVideoTransformer3DModel.from_config(checkpoint.config("transformer")).eval()
    stream_weights(streamed, checkpoint, "transformer", unrounded)
    loaded = LTXVideoTransformer3DModel.from_pretrained(folder).eval()
    assert load_file(folder / FILE).keys() == dict(loaded.named_parameters()).keys()
    call = {
        "hidden_states": torch.randn(1, 6, 128),
        "encoder_hidden_states": torch.randn(1, 4, 64),
        "timestep": torch.tensor([[500.0]]),
        "encoder_attention_mask": torch.ones(1, 4, dtype=torch.bool),
        "video_coords": torch.rand(1, 3, 6),
        "return_dict": False,
    }
    # Not to the last digit: products of weights that lie elsewhere in memory may sum otherwise.
    torch.testing.assert_close(streamed(**call)[0], loaded(**call)[0], rtol=1e-5, atol=1e-5)
