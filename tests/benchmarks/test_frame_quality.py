import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.frame_quality import psnr, ssim


def video(noise: int) -> NDArray[np.uint8]:
    """Smooth frames, with every pixel off by `noise` in one direction or the other."""
    rows, columns = np.mgrid[:64, :96]
    frame = 60 + rows + columns // 2
    frames = np.stack([frame + 5 * number for number in range(3)])[..., None].repeat(3, -1)
    signs = np.random.default_rng(0).choice([-1, 1], frames.shape)
    noisy: NDArray[np.uint8] = (frames + noise * signs).astype(np.uint8)
    return noisy


def test_equal_frames() -> None:
    assert psnr(video(0), video(0)) == float("inf")
    assert ssim(video(0), video(0)) == 1.0


def test_psnr_is_that_of_the_mean_squared_error() -> None:
    expected = 10 * np.log10(255**2 / 4**2)
    assert psnr(video(4), video(0)) == pytest.approx(expected, abs=0.01)


def test_noisier_frames_are_worse() -> None:
    assert 0 < ssim(video(8), video(0)) < ssim(video(2), video(0)) < 1
    assert psnr(video(8), video(0)) < psnr(video(2), video(0))
