"""MP4 files of one video by preset of x264: seconds, bytes and PSNR."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import perf_counter
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks import quiet
from benchmarks.frame_quality import psnr
from benchmarks.measurement import Labels, Measurement
from benchmarks.peers.protocol import write_mp4
from benchmarks.suite.mp4 import service_mp4
from benchmarks.suite.request import REQUEST
from frontend.media.reader import read
from ltx_triton.contract import LTX_VIDEO
from ltx_triton.engines.in_process import InProcessEngines, generate_video
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.pipeline.loop import DenoisingLoop
from ltx_triton.pipeline.tokenizer import PromptTokenizer
from ltx_triton.repository.layout import version_folder
from ltx_triton.settings import Mp4Preset

PART = "encoding"
PRESETS: tuple[Mp4Preset, ...] = get_args(Mp4Preset)[:6]  # slower ones gain little here


def measure(rounds: int, repository: Path) -> Iterator[Measurement]:
    """Encode the default request with each preset once per round, after a warm-up round."""
    random = Random(0)
    frames = _frames(repository)
    seconds: dict[Mp4Preset, list[float]] = {preset: [] for preset in PRESETS}
    with tempfile.TemporaryDirectory() as folder:
        for number in tqdm(range(1 + rounds), desc=PART, unit="round"):
            for preset in random.sample(PRESETS, len(PRESETS)):
                quiet.wait_until_idle()
                started = perf_counter()
                file = Path(folder) / f"{preset}.mp4"
                write_mp4(frames, REQUEST.frame_rate, service_mp4(preset), file)
                if number > 0:
                    seconds[preset].append(perf_counter() - started)
        for preset in PRESETS:
            file = Path(folder) / f"{preset}.mp4"
            labels: Labels = {"preset": preset}
            yield Measurement(PART, labels, "s", seconds[preset])
            yield Measurement(PART, labels, "bytes", [float(file.stat().st_size)])
            yield Measurement(PART, labels, "dB", [psnr(read(file).frames, frames)])


def _frames(repository: Path) -> NDArray[np.uint8]:
    folder = version_folder(repository, LTX_VIDEO)
    config = PipelineConfig.load(folder)
    engines = InProcessEngines(repository)
    loop = DenoisingLoop(config, PromptTokenizer(folder, config), engines)
    return generate_video(loop, REQUEST)
