"""`vae_decoder` in OpenVINO, with memory that hardly grows with the video's length."""

import ctypes
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import psutil
from numpy.typing import NDArray

from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.openvino.compile import compile_graph
from ltx_triton.engines.openvino.decoder_graphs import (
    to_features,
    to_pixels,
    two_sided_convolutions,
)
from ltx_triton.engines.openvino.pieces import divide
from ltx_triton.engines.session import Arrays, EngineSession

_LARGEST_PIECE = 45 * 64 * 64  # features in time and space: 89 frames of 512 x 512, 0.7 GB
_COMPILED_SHAPES = 4  # of pieces; compiling for another takes a quarter of a second
_KEPT_BYTES = 512 * 2**20  # by the process between videos; allocating again takes 50 ms


class OpenVinoDecoder(EngineSession):
    """Computes the features of a video as a whole and its frames in pieces.

    Nearly all activations lie behind the features, where a frame depends on a few neighbours alone.
    """

    def __init__(self, path: Path, precision: CpuPrecision) -> None:
        self._path = path
        self._precision = precision
        graph = self._read()
        part = to_features(graph)
        # One of them is the upsampler's own.
        self._convolutions = two_sided_convolutions(graph) - two_sided_convolutions(part) - 1
        self._to_features = compile_graph(part, precision).create_infer_request()
        self._to_pixels = lru_cache(_COMPILED_SHAPES)(self._compile_to_pixels)
        self._last_used = self._to_features

    def run(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        pieces = [outputs["frames"].copy() for outputs in self.stream(inputs)]
        return {"frames": np.concatenate(pieces, axis=1)}

    def stream(self, inputs: Arrays) -> Iterator[dict[str, NDArray[Any]]]:
        features = self._to_features.infer(dict(inputs), share_inputs=True, share_outputs=True)[0]
        _, _, length, height, width = features.shape
        pieces = divide(length, _LARGEST_PIECE // (height * width), self._convolutions)
        for piece in pieces:
            part = np.ascontiguousarray(features[:, :, piece.begin : piece.end])
            decode = self._for_shape(part.shape, inputs["latents"].shape)
            frames = decode.infer([part], share_inputs=True, share_outputs=True)[0]
            yield {"frames": frames[:, piece.first : piece.last]}
        if self.memory_bytes() > _KEPT_BYTES:
            _release(decode, self._to_features)

    def memory_bytes(self) -> int:
        return psutil.Process().memory_info().rss

    def _read(self) -> openvino.Model:
        return openvino.Core().read_model(self._path)

    def _for_shape(self, features: Sequence[int], latents: Sequence[int]) -> openvino.InferRequest:
        batch, _, height, width, channels = latents
        frames = (features[2] + 3) // 4
        request = self._to_pixels(tuple(features), (batch, frames, height, width, channels))
        if request is not self._last_used:  # two shapes at once would take twice the memory
            _release(self._last_used)
            self._last_used = request
        return request

    def _compile_to_pixels(
        self, features: tuple[int, ...], latents: tuple[int, ...]
    ) -> openvino.InferRequest:
        part = to_pixels(self._read(), features, latents)
        return compile_graph(part, self._precision).create_infer_request()


def _release(*requests: openvino.InferRequest) -> None:
    """Give the memory of activations back to the system."""
    for request in requests:
        request.get_compiled_model().release_memory()
    ctypes.CDLL(None).malloc_trim(0)
