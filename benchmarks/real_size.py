"""Measure checkpoints of their real size with random weights: export, start, requests, memory.

Random weights take the time and memory of the real ones. The 2B, with a text encoder of the size of
T5-XXL, is exported from single files, served through Triton and asked for the default video. Of the
13B, the transformer alone is exported and takes one step.
"""

import argparse
import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.machine import Machine
from benchmarks.measurement import Measurement
from benchmarks.memory import Usage, watch
from benchmarks.process_tree import PeakMemory, ProcessTree
from benchmarks.result import FOLDER, Result
from benchmarks.suite.client import ask_once
from demo.evaluation.prompts import ClipRequest
from frontend.local.service import local_service
from ltx_triton.contract import ENGINES, TRANSFORMER
from ltx_triton.engines.calibration import calibrate
from ltx_triton.repository.layout import version_folder

RESULTS = FOLDER.with_name("real_size")
PART = "real_size"
STEP = "13b-int8"
PROMPTS = {
    "first": "A cat walking in a garden",
    "another": "A red fish swims slowly in the blue ocean",
    "the same": "A red fish swims slowly in the blue ocean",
}
_SECONDS, _FPS, _SIDE = 3, 8, 512  # the default video: 24 frames, for which the model makes 25
_INTERVAL = 1.0  # seconds between samples of memory, which take time from large processes


@dataclass(frozen=True)
class Case:
    """An export of the 2B, and how it is served."""

    precision: str
    environment: Mapping[str, str] = field(default_factory=dict)


CASES = {
    "2b-fp32": Case("fp32", {"CPU_RUNTIME": "onnxruntime"}),
    "2b-bf16": Case("fp32", {"CPU_PRECISION": "bf16"}),
    "2b-int8": Case("int8"),
}
