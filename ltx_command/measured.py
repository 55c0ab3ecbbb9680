"""What clips of known models have cost on the machine that measured them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, PositiveInt

from ltx_triton.engines.calibration import Calibration, EngineSeconds
from ltx_triton.json_file import JsonFile

FOLDER = Path(__file__).parent  # of the file that is shipped
CLIP = "24 frames, 512x512, 8 steps"  # what a request without options gets


class MeasuredClip(BaseModel):
    """A clip through the service, with random weights of the model's size."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    processor: str
    precision: str  # of the engines, as the exporter names it
    engine_bytes: PositiveInt  # on the disk
    memory_bytes: PositiveInt  # at the peak, without files that the system can drop
    seconds: EngineSeconds
    calibration: Calibration  # of the same machine, in the same run


class MeasuredClips(JsonFile):
    """One clip for each known model that has been measured."""

    FILE = "measured.json"
    REMEDY = "install the package again"

    version: Literal[1] = 1
    models: Mapping[str, MeasuredClip] = {}
