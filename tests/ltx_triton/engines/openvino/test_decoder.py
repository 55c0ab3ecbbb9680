from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from ltx_triton.contract import TEXT_ENCODER, VAE_DECODER
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.openvino import decoder
from ltx_triton.engines.openvino.decoder import OpenVinoDecoder
from ltx_triton.engines.session import Arrays
from ltx_triton.repository.layout import ENGINE_FILE, version_folder

CHANNELS = 78  # of the demo checkpoint's latents


@pytest.fixture
def file(demo_repository: Path) -> Path:
    return version_folder(demo_repository, VAE_DECODER) / ENGINE_FILE


def inputs(frames: int, height: int, width: int) -> dict[str, NDArray[Any]]:
    generator = np.random.default_rng(0)
    shape = (1, frames, height, width, CHANNELS)
    return {name: 4 * generator.standard_normal(shape, np.float32) for name in ("latents", "noise")}


def streamed(session: OpenVinoDecoder, arrays: Arrays) -> list[NDArray[Any]]:
    return [outputs["frames"].copy() for outputs in session.stream(arrays)]


@pytest.mark.parametrize(("frames", "pieces"), [(1, 1), (6, 1), (7, 2), (12, 3)])
def test_pieces_are_the_frames_of_the_whole_graph(
    file: Path, monkeypatch: pytest.MonkeyPatch, frames: int, pieces: int
) -> None:
    monkeypatch.setattr(decoder, "_LARGEST_PIECE", 21 * 8 * 12)
    arrays = inputs(frames, 2, 3)

    actual = streamed(OpenVinoDecoder(file, CpuPrecision.FP32), arrays)

    whole = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    (expected,) = whole.run(None, arrays)
    assert len(actual) == pieces
    together = np.concatenate(actual, axis=1)
    assert together.shape == expected.shape == (1, 8 * (frames - 1) + 1, 64, 96, 3)
    assert together.dtype == np.uint8
    assert np.abs(together.astype(int) - expected).max() <= 1
    assert expected.std() > 10, "constant frames would prove nothing"


def test_frames_in_bf16_are_close(file: Path) -> None:
    """Also passes on processors without BF16, where OpenVINO computes in FP32."""
    arrays = inputs(2, 4, 6)

    exact, rounded = (
        OpenVinoDecoder(file, precision).run(arrays)["frames"].astype(int)
        for precision in (CpuPrecision.FP32, CpuPrecision.BF16)
    )

    assert np.abs(exact - rounded).mean() < 1


def test_frames_are_not_overwritten_by_the_next_run(file: Path) -> None:
    session = OpenVinoDecoder(file, CpuPrecision.FP32)
    arrays = inputs(1, 2, 2)

    first = session.run(arrays)["frames"]
    second = session.run({name: -array for name, array in arrays.items()})["frames"]

    assert not np.array_equal(first, second)


def test_a_size_seen_before_is_not_compiled_again(file: Path) -> None:
    session = OpenVinoDecoder(file, CpuPrecision.FP32)

    for frames, height, width in ((1, 2, 2), (1, 2, 4), (1, 2, 2)):
        session.run(inputs(frames, height, width))

    cache = session._to_pixels.cache_info()
    assert (cache.hits, cache.misses) == (1, 2)


def test_memory_hardly_grows_with_the_video(file: Path) -> None:
    """432 more frames would take 250 MB as a whole."""
    held = in_a_new_process(memory_by_length, file)

    assert max(held) - min(held) < 100 * 2**20, held


def memory_by_length(file: Path) -> list[int]:
    """Bytes after the last piece of videos of 41, 233 and 473 frames."""
    decoder._LARGEST_PIECE = 21 * 16 * 16
    session = OpenVinoDecoder(file, CpuPrecision.FP32)
    held = []
    for frames in (6, 30, 60):
        for _ in session.stream(inputs(frames, 4, 4)):
            largest = session.memory_bytes()
        held.append(largest)
    return held


def test_memory_beyond_what_is_kept_is_given_back(file: Path) -> None:
    kept, given_back = in_a_new_process(memory_by_limit, file)

    assert kept - given_back > 100 * 2**20


def memory_by_limit(file: Path) -> list[int]:
    """Bytes after a video below the limit, and after one above."""
    session = OpenVinoDecoder(file, CpuPrecision.FP32)
    held = []
    for decoder._KEPT_BYTES in (2**40, 0):
        session.run(inputs(4, 16, 16))
        held.append(session.memory_bytes())
    return held


def in_a_new_process(measure: Callable[[Path], list[int]], file: Path) -> list[int]:
    """Measure where no other test has left memory to reuse."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measure, file).result()


def test_a_graph_without_its_features_has_to_be_exported_again(
    file: Path, demo_repository: Path, tmp_path: Path
) -> None:
    other = version_folder(demo_repository, TEXT_ENCODER) / ENGINE_FILE
    model = onnx.load(other)
    onnx.save(model, tmp_path / ENGINE_FILE)

    with pytest.raises(RuntimeError, match="no tensor `features`: run `make export` again"):
        OpenVinoDecoder(tmp_path / ENGINE_FILE, CpuPrecision.FP32)
