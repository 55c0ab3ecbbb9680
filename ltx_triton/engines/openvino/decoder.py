"""`vae_decoder` in OpenVINO, with memory that hardly grows with the video's length."""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray

from ltx_triton.contract import FIRST_FRAME, VAE_FEATURES
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.openvino.decoder_graphs import (
    to_features,
    to_pixels,
    two_sided_convolutions,
)
from ltx_triton.engines.openvino.graph import Graph
from ltx_triton.engines.openvino.pieces import Piece, divide
from ltx_triton.engines.process_memory import ProcessMemory, held_bytes
from ltx_triton.engines.session import NO_PARAMETERS, Arrays, Parameters

_LARGEST_PIECE = 29 * 64 * 64  # features in time and space: 57 frames of 512 x 512, 0.5 GB
_COMPILED_SHAPES = 4  # of pieces; compiling for another takes a quarter of a second
_UNFINISHED_VIDEOS = 4  # whose features are kept for their next pieces
_KEPT_BYTES = 384 * 2**20  # besides the engine, between videos; allocating again takes 50 ms


class OpenVinoDecoder:
    """Computes the features of a video as a whole and its frames in pieces, one for each run.

    Nearly all activations lie behind the features, and from there on a frame depends on a few
    neighbours alone.
    """

    def __init__(self, path: Path, precision: CpuPrecision) -> None:
        self._path = path
        self._precision = precision
        graph = self._read()
        part = to_features(graph)
        # One of them is the upsampler's own.
        self._convolutions = two_sided_convolutions(graph) - two_sided_convolutions(part) - 1
        self._to_features = Graph(part, precision)
        self._to_pixels = lru_cache(_COMPILED_SHAPES)(self._compile_to_pixels)
        self._last_pixels: Graph | None = None
        self._size: tuple[int, ...] = ()  # of the latents of the last run
        self._unfinished: dict[bytes, NDArray[np.float32]] = {}  # by the digest of their inputs
        self._memory = ProcessMemory()

    def run(
        self, inputs: Arrays, parameters: Parameters = NO_PARAMETERS
    ) -> dict[str, NDArray[Any]]:
        """Return the frames from `FIRST_FRAME` on, as far as their piece goes."""
        first = parameters.get(FIRST_FRAME, 0)
        size = inputs["latents"].shape
        if size != self._size:  # two sizes at once would take the memory of both
            self._release()
            self._size = size
        video = _digest(inputs)
        features = self._unfinished.pop(video, None)
        if features is None:
            self._keep_little()  # of the pieces of another video
            features = self._to_features.run(inputs)[0].copy()
        pieces = self._divide(features)
        if len(pieces) > 1:
            self._to_features.release()
        piece = next(piece for piece in pieces if piece.first <= first < piece.last)
        frames = self._frames(features[:, :, piece.begin : piece.end])
        if piece is not pieces[-1]:
            self._keep(video, features)
        else:
            self._keep_little()
        return {"frames": frames[:, first - 2 * piece.begin : piece.last - 2 * piece.begin]}

    def memory_bytes(self) -> int:
        return held_bytes()

    def _divide(self, features: NDArray[np.float32]) -> Sequence[Piece]:
        _, _, length, height, width = features.shape
        return divide(length, _LARGEST_PIECE // (height * width), self._convolutions)

    def _frames(self, features: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return all frames that the features give alone: UINT8 [B, N, height, width, 3]."""
        batch, _, height, width, channels = self._size
        latents = (batch, (features.shape[2] + 3) // 4, height, width, channels)
        self._last_pixels = self._to_pixels(features.shape, latents)
        frames: NDArray[np.uint8] = self._last_pixels.run(
            {VAE_FEATURES: np.ascontiguousarray(features)}
        )[0]
        return frames

    def _keep(self, video: bytes, features: NDArray[np.float32]) -> None:
        self._unfinished[video] = features
        while len(self._unfinished) > _UNFINISHED_VIDEOS:  # cancelled ones, or they start again
            del self._unfinished[next(iter(self._unfinished))]

    def _keep_little(self) -> None:
        if self._memory.exceeds(_KEPT_BYTES):
            self._release()

    def _release(self) -> None:
        self._to_features.release()
        if self._last_pixels is not None:
            self._last_pixels.release()

    def _compile_to_pixels(self, features: tuple[int, ...], latents: tuple[int, ...]) -> Graph:
        return Graph(to_pixels(self._read(), features, latents), self._precision)

    def _read(self) -> openvino.Model:
        return openvino.Core().read_model(self._path)


def _digest(inputs: Arrays) -> bytes:
    digest = blake2b()
    for name in sorted(inputs):
        digest.update(np.ascontiguousarray(inputs[name]).data)
    return digest.digest()
