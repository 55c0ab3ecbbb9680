"""No precision may round the timesteps and positions of which sine and cosine are taken.

In BF16 they would be off by whole turns, the more so the later the frame and the larger the video.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from export.checkpoint.open import open_checkpoint
from export.graphs.transformer import build
from export.onnx.write import write_engine
from export.options import ExportOptions
from export.precision import Precision
from export.random.architectures import TRANSFORMER_2B
from export.random.checkpoint import write_random_checkpoint
from export.sampling import pipeline_config
from export.verification.inputs import Inputs, random_inputs
from export.verification.verify import relative_l2
from ltx_triton.contract import TRANSFORMER
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.openvino.session import OpenVinoSession
from ltx_triton.repository.layout import ENGINE_FILE
from tests.conftest import MakeOnce

pytestmark = pytest.mark.slow  # exports a block of the 2B model's width three times

GRAPHS = (Precision.FP32, Precision.BF16, Precision.INT8)
# Relative error (L2) of the velocity to FP32 in ONNX Runtime. Rounded positions make it 0.2.
EXACT, ROUNDED = 1e-4, 0.012
SIZES = {"late": (33, 4, 4), "large": (2, 22, 24)}  # latent frames, rows, columns


@pytest.fixture(scope="session")
def wide(make_once: MakeOnce) -> Path:
    """A folder with an engine of each precision, and inputs of each size."""

    def make(folder: Path) -> None:
        small = {"num_layers": 1, "caption_channels": 64}
        write_random_checkpoint(folder / "checkpoint", transformer=TRANSFORMER_2B | small)
        checkpoint = open_checkpoint(str(folder / "checkpoint"), None)
        for precision in GRAPHS:
            (folder / precision).mkdir()
            write_engine(build(checkpoint, precision), checkpoint, folder / precision)
        config = pipeline_config(checkpoint, ExportOptions("", folder))
        generator = np.random.default_rng(0)
        for name, size in SIZES.items():
            axes = ("frames", "latent_height", "latent_width")
            sizes = {"batch": 1, "tokens": 16} | dict(zip(axes, size, strict=True))
            inputs = random_inputs(TRANSFORMER, config, 1, sizes, 1, generator)
            np.savez(folder / f"{name}.npz", **inputs)

    return make_once("wide", make)


@pytest.fixture(scope="session", params=SIZES)
def exact(wide: Path, request: pytest.FixtureRequest) -> tuple[Inputs, NDArray[Any]]:
    """Inputs, and the velocity in FP32."""
    inputs = dict(np.load(wide / f"{request.param}.npz"))
    session = onnxruntime.InferenceSession(wide / Precision.FP32 / ENGINE_FILE)
    return inputs, inputs["latents"] - session.run(None, inputs)[0]


@pytest.mark.parametrize("arithmetic", CpuPrecision)
@pytest.mark.parametrize("graph", GRAPHS)
def test_a_whole_step_is_within_rounding(
    wide: Path,
    exact: tuple[Inputs, NDArray[Any]],
    graph: Precision,
    arithmetic: CpuPrecision,
    record_property: Any,
) -> None:
    inputs, velocity = exact
    session = OpenVinoSession(wide / graph / ENGINE_FILE, TRANSFORMER, arithmetic)
    found = inputs["latents"] - session.run(inputs)["latents_out"]
    error = relative_l2(found, velocity)
    record_property("measured", f"{graph} graph in {arithmetic}, {velocity.shape}: {error:.4f}")
    exactly = (graph, arithmetic) == (Precision.FP32, CpuPrecision.FP32)
    assert error < (EXACT if exactly else ROUNDED)
