"""OpenVINO GenAI's pipeline: `python -m benchmarks.peers.openvino_genai MODEL fp32`.

MODEL is a folder that `convert` made. Besides fp32 there is bf16.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from openvino_genai import CppStdGenerator, Text2VideoPipeline

from benchmarks.peers.protocol import Generate, PeerRequest, serve

_HINTS = {"fp32": "f32", "bf16": "bf16"}  # of OpenVINO's INFERENCE_PRECISION_HINT


def load(model: Path, precision: str) -> Generate:
    pipeline = Text2VideoPipeline(str(model), "CPU", INFERENCE_PRECISION_HINT=_HINTS[precision])

    def generate(request: PeerRequest) -> NDArray[Any]:
        made = pipeline.generate(
            **request.pipeline_arguments(), generator=CppStdGenerator(request.seed)
        )
        frames: NDArray[Any] = np.asarray(made.video.data)[0]
        return frames

    return generate


def main() -> None:
    model, precision = sys.argv[1:]
    serve(load(Path(model), precision))


if __name__ == "__main__":
    main()
