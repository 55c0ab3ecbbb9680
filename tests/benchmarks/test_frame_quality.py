import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.frame_quality import frame_quality


def video(noise: int) -> NDArray[np.uint8]:
    """Smooth frames, with every pixel off by `noise` in one direction or the other."""
    rows, columns = np.mgrid[:64, :96]
    frame = 60 + rows + columns // 2
    frames = np.stack([frame + 5 * number for number in range(3)])[..., None].repeat(3, -1)
    signs = np.random.default_rng(0).choice([-1, 1], frames.shape)
    noisy: NDArray[np.uint8] = (frames + noise * signs).astype(np.uint8)
    return noisy


def test_equal_frames() -> None:
    assert frame_quality(video(0), video(0)) == {"psnr": float("inf"), "ssim": 1.0}


def test_psnr_is_that_of_the_mean_squared_error() -> None:
    expected = 10 * np.log10(255**2 / 4**2)
    assert frame_quality(video(4), video(0))["psnr"] == pytest.approx(expected, abs=0.01)


def test_noisier_frames_are_worse() -> None:
    slightly, strongly = (frame_quality(video(noise), video(0)) for noise in (2, 8))
    assert 0 < strongly["ssim"] < slightly["ssim"] < 1
    assert strongly["psnr"] < slightly["psnr"]
