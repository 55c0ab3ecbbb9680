"""`ltx-video` with a checkpoint and a measurement of its own as model 2b.

`python -m tests.ltx_command.known_model CHECKPOINT FOLDER ARGUMENTS`
"""

import os
import sys
from pathlib import Path

from ltx_command import known_models, measured
from ltx_command.measured import MeasuredClip, MeasuredClips
from ltx_triton.engines.calibration import Calibration, EngineSeconds
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.repository import layout
from tests.ltx_command.command import ROOT

LICENCE = "the licence of a tiny model"
TEXT_ENCODER = "a tiny one: see the licence beside it"
MODULE = "tests.ltx_command.known_model"
GB = 10**9


def measured_clip(memory: int = GB, disk: int = GB) -> MeasuredClip:
    return MeasuredClip(
        processor="Stand-in",
        precision="int8",
        engine_bytes=disk,
        memory_bytes=memory,
        seconds=EngineSeconds(text=4, denoise=80, decode=40),
        calibration=Calibration(
            precision=CpuPrecision.FP32,
            cores=4,
            pieces=EngineSeconds(text=0.1, denoise=0.5, decode=0.2),
        ),
    )


def known_model(checkpoint: str, *downloads: known_models.Download) -> known_models.KnownModel:
    return known_models.KnownModel(checkpoint, LICENCE, TEXT_ENCODER, downloads)


def command(checkpoint: Path, folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", MODULE, str(checkpoint), str(folder), *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def main() -> None:
    checkpoint, folder, *arguments = sys.argv[1:]
    # Before the modules that read them are imported.
    known_models.KNOWN_MODELS = {"2b": known_model(checkpoint)}
    layout.MODELS_FOLDER = Path(folder) / "models"
    measured.FOLDER = Path(folder)
    MeasuredClips(models={"2b": measured_clip()}).save(Path(folder))

    from ltx_command.__main__ import main as ltx_video

    ltx_video(arguments, prog_name="ltx-video")


if __name__ == "__main__":
    main()
