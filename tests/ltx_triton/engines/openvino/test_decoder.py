from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from export.checkpoint.open import open_checkpoint
from export.graphs import vae_decoder
from export.onnx.write import write_engine
from export.precision import Precision
from ltx_triton.contract import FIRST_FRAME, TEXT_ENCODER, VAE_DECODER
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.openvino import decoder
from ltx_triton.engines.openvino.decoder import OpenVinoDecoder
from ltx_triton.engines.session import Arrays
from ltx_triton.repository.layout import ENGINE_FILE, version_folder
from tests.conftest import DEMO

CHANNELS = 78  # of the demo checkpoint's latents


@pytest.fixture
def file(demo_repository: Path) -> Path:
    return version_folder(demo_repository, VAE_DECODER) / ENGINE_FILE


def inputs(frames: int, height: int, width: int) -> dict[str, NDArray[Any]]:
    generator = np.random.default_rng(0)
    shape = (1, frames, height, width, CHANNELS)
    return {name: 4 * generator.standard_normal(shape, np.float32) for name in ("latents", "noise")}


def pieces_of(session: OpenVinoDecoder, arrays: Arrays) -> Iterator[NDArray[Any]]:
    """All frames, piece by piece; each is valid until the next."""
    total = 8 * (arrays["latents"].shape[1] - 1) + 1
    made = 0
    while made < total:
        frames = session.run(arrays, {FIRST_FRAME: made})["frames"]
        made += frames.shape[1]
        yield frames


def whole_graph(file: Path, arrays: Arrays) -> NDArray[Any]:
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    frames: NDArray[Any] = session.run(None, arrays)[0]
    return frames


@pytest.mark.slow
def test_a_decoder_with_bf16_weights_gives_nearly_the_frames_of_fp32(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "_LARGEST_PIECE", 21 * 8 * 12)
    checkpoint = open_checkpoint(str(DEMO / "checkpoint"), None)
    engine = vae_decoder.build(checkpoint, Precision.BF16, 0.05, 0.025)
    write_engine(engine, checkpoint, tmp_path)
    arrays = inputs(7, 2, 3)

    session = OpenVinoDecoder(tmp_path / ENGINE_FILE, CpuPrecision.FP32)

    actual = np.concatenate([frames.copy() for frames in pieces_of(session, arrays)], axis=1)
    expected = whole_graph(file, arrays)
    assert actual.shape == expected.shape
    assert np.abs(actual.astype(float) - expected).mean() < 1


@pytest.mark.parametrize(("frames", "pieces"), [(1, 1), (6, 1), (7, 2), (12, 3)])
def test_pieces_are_the_frames_of_the_whole_graph(
    file: Path, monkeypatch: pytest.MonkeyPatch, frames: int, pieces: int
) -> None:
    monkeypatch.setattr(decoder, "_LARGEST_PIECE", 21 * 8 * 12)
    monkeypatch.setattr(decoder, "_KEPT_BYTES", 0)  # the frames outlive the memory given back
    arrays = inputs(frames, 2, 3)

    session = OpenVinoDecoder(file, CpuPrecision.FP32)

    actual = [frames.copy() for frames in pieces_of(session, arrays)]

    expected = whole_graph(file, arrays)
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


def test_pieces_of_several_videos_may_alternate(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "_LARGEST_PIECE", 21 * 8 * 12)
    monkeypatch.setattr(decoder, "_UNFINISHED_VIDEOS", 1)
    videos = [{name: sign * array for name, array in inputs(7, 2, 3).items()} for sign in (1, -1)]
    session = OpenVinoDecoder(file, CpuPrecision.FP32)

    turns = zip(*(map(np.copy, pieces_of(session, video)) for video in videos), strict=True)

    for video, made in zip(videos, zip(*turns, strict=True), strict=True):
        difference = np.concatenate(made, axis=1).astype(int) - whole_graph(file, video)
        assert np.abs(difference).max() <= 1


def test_frames_from_the_middle_of_a_piece_on_can_be_asked_for(file: Path) -> None:
    arrays = inputs(2, 2, 3)
    session = OpenVinoDecoder(file, CpuPrecision.FP32)
    whole = session.run(arrays)["frames"].copy()

    assert np.array_equal(session.run(arrays, {FIRST_FRAME: 5})["frames"], whole[:, 5:])


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
    """Bytes with the last piece of videos of 41, 233 and 473 frames."""
    decoder._LARGEST_PIECE = 21 * 16 * 16
    session = OpenVinoDecoder(file, CpuPrecision.FP32)
    held = []
    for frames in (6, 30, 60):
        for _ in pieces_of(session, inputs(frames, 4, 4)):
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


def test_a_graph_without_its_features_has_to_be_exported_again(demo_repository: Path) -> None:
    other = version_folder(demo_repository, TEXT_ENCODER) / ENGINE_FILE

    with pytest.raises(RuntimeError, match="no tensor `features`: run `make export` again"):
        OpenVinoDecoder(other, CpuPrecision.FP32)
