import pytest
import torch

from export.int8.quantize import channel_scales, fake_quantize, to_int8


@pytest.fixture
def weight() -> torch.Tensor:
    """[out, in] with channels of very different sizes."""
    values = torch.randn(16, 64, generator=torch.Generator().manual_seed(0))
    return values * torch.logspace(-6, 4, 16)[:, None]


def test_each_channel_has_its_own_scale_and_uses_the_whole_range(weight: torch.Tensor) -> None:
    scales = channel_scales(weight)
    assert scales == pytest.approx(weight.abs().amax(dim=1) / 127)
    assert to_int8(weight, scales).abs().amax(dim=1).tolist() == [127] * 16


def test_no_value_is_off_by_more_than_half_a_step(weight: torch.Tensor) -> None:
    half = channel_scales(weight)[:, None] / 2
    assert ((fake_quantize(weight) - weight).abs() <= half * (1 + 1e-5)).all()


def test_the_range_is_symmetric() -> None:
    weight = torch.tensor([[-3.0, 1.0], [3.0, 1.0]])
    assert to_int8(weight, channel_scales(weight)).tolist() == [[-127, 42], [127, 42]]


def test_a_channel_of_zeros_stays_zero() -> None:
    weight = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    assert channel_scales(weight).tolist() == pytest.approx([1.0, 1 / 127])
    assert torch.equal(fake_quantize(weight), weight)


def test_weights_stored_in_fewer_bits_are_rounded_from_fp32() -> None:
    narrow = torch.randn(4, 8, generator=torch.Generator().manual_seed(1)).bfloat16()
    assert torch.equal(fake_quantize(narrow), fake_quantize(narrow.float()))
