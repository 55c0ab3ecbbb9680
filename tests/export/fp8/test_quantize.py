import ml_dtypes
import numpy as np
import pytest
import torch

from export.fp8.quantize import fake_quantize, scale_for, to_fp8


@pytest.mark.parametrize("largest", [1e-6, 0.1, 1.0, 3.14159, 447.9, 70000.0])
def test_scales_are_bf16_and_never_too_small(largest: float) -> None:
    scale = scale_for(largest)
    assert scale == float(np.array(scale, ml_dtypes.bfloat16))
    assert largest / 448 <= scale * (1 + 1e-7) < largest / 448 * (1 + 2**-7)


def test_the_scale_of_zeros_is_positive() -> None:
    assert scale_for(0.0) == 1.0
    assert not fake_quantize(torch.zeros(3), scale_for(0.0)).any()


def test_the_largest_value_does_not_saturate() -> None:
    assert fake_quantize(torch.tensor([3.14159]), scale_for(3.14159)).item() == pytest.approx(
        3.14159, 0.07
    )


def test_values_out_of_range_saturate() -> None:
    values = torch.tensor([1e9, -1e9, 449.0, 500.0])
    assert to_fp8(values, 1.0).float().tolist() == [448.0, -448.0, 448.0, 448.0]


def test_rounding_is_that_of_another_implementation() -> None:
    values = torch.randn(10_000, generator=torch.Generator().manual_seed(0)) * 3
    scale = scale_for(values.abs().max().item())
    expected = (values.numpy() / np.float32(scale)).astype(ml_dtypes.float8_e4m3fn)
    np.testing.assert_array_equal(to_fp8(values, scale).view(torch.uint8), expected.view(np.uint8))
    back = expected.astype(np.float32) * np.float32(scale)
    np.testing.assert_array_equal(fake_quantize(values, scale), back)


def test_the_type_is_kept() -> None:
    assert fake_quantize(torch.ones(2, dtype=torch.bfloat16), 0.5).dtype is torch.bfloat16
