"""Measure what Triton adds to the bare engines.

Runs the same request through Triton and through the same loop over the same engines in one
process, turn by turn, and compares each stage.
"""

import argparse
import asyncio
import json
import os
import platform
from itertools import pairwise
from pathlib import Path
from statistics import median

import onnxruntime
from tqdm import tqdm

from frontend.triton import TritonClient
from ltx_triton.contract import LTX_VIDEO, Progress, Stage, VideoRequest
from ltx_triton.denoising_loop import DenoisingLoop
from ltx_triton.in_process import InProcessEngines
from ltx_triton.local_triton import LocalTriton
from ltx_triton.pipeline_config import MODEL_REPOSITORY, PipelineConfig, version_folder
from ltx_triton.tokenizer import PromptTokenizer

RESULT = Path(__file__).parent / "results" / "step_overhead.json"
FOLDER = version_folder(MODEL_REPOSITORY, LTX_VIDEO)
WARM_UP = 2  # rounds that are not counted
REQUEST = VideoRequest(
    prompt="A cat walking in a garden",
    num_frames=24,
    height=512,
    width=512,
    frame_rate=8.0,
    seed=1,
)

Samples = dict[str, list[float]]  # stage -> seconds


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.step_overhead", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="default: %(default)s")
    parser.add_argument("--output", type=Path, default=RESULT, help="default: %(default)s")
    options = parser.parse_args()
    with LocalTriton() as triton:
        bare, served = asyncio.run(measure(triton.grpc_address, options.rounds))
    result = {
        "command": f"python -m benchmarks.step_overhead --rounds {options.rounds}",
        "request": vars(REQUEST),
        "rounds": options.rounds,
        "model": PipelineConfig.load(FOLDER).model_name,
        "bare_median_seconds": {stage: median(values) for stage, values in bare.items()},
        "served_median_seconds": {stage: median(values) for stage, values in served.items()},
        "bare_seconds": bare,
        "served_seconds": served,
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
    }
    options.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    for stage in bare:
        alone, through = median(bare[stage]), median(served[stage])
        print(
            f"{stage:8} bare {alone * 1e3:8.1f} ms   through Triton {through * 1e3:8.1f} ms   "
            f"difference {(through - alone) * 1e3:+6.1f} ms"
        )


async def measure(address: str, rounds: int) -> tuple[Samples, Samples]:
    """Seconds by stage, bare and through Triton."""
    config = PipelineConfig.load(FOLDER)
    loop = DenoisingLoop(
        config, PromptTokenizer(FOLDER, config), InProcessEngines(MODEL_REPOSITORY)
    )
    client = TritonClient(address)
    bare: Samples = {"text": [], "step": [], "decode": []}
    served: Samples = {"text": [], "step": [], "decode": []}
    for number in tqdm(range(WARM_UP + rounds), unit="round"):
        alone: list[Progress] = []
        await loop.generate(REQUEST, alone.append, lambda: False)
        through = [
            message
            async for message in client.generate(REQUEST, request_id="benchmark")
            if isinstance(message, Progress)
        ]
        if number >= WARM_UP:
            collect(bare, alone)
            collect(served, through)
    await client.close()
    return bare, served


def collect(samples: Samples, progress: list[Progress]) -> None:
    """Add the seconds between one progress message and the next to their stage."""
    for before, after in pairwise(progress):
        stage = "step" if before.stage is Stage.DENOISE else before.stage.value
        samples[stage].append(after.seconds - before.seconds)


if __name__ == "__main__":
    main()
