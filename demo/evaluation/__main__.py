"""Score clips of held-out prompts by what a classifier sees in them."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from demo.evaluation.classifier import classify
from demo.evaluation.clips import download_clip
from demo.evaluation.prompts import COUNT, ClipRequest, held_out_prompts
from demo.evaluation.score import ScoredClip, result_file, save, scores, table
from frontend.local.service import local_service
from ltx_triton.contract import LTX_VIDEO, TRANSFORMER
from ltx_triton.engines.cpu_precision import describe_cpu_precision
from ltx_triton.engines.device import select_device
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import SERVED_REPOSITORY, version_folder


@dataclass(frozen=True)
class Source:
    name: str
    checkpoint_sha256: str
    precision: str
    clip: Callable[[ClipRequest], NDArray[np.uint8]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.evaluation", description=__doc__)
    parser.add_argument(
        "--reference",
        type=Path,
        metavar="CHECKPOINT",
        help="score diffusers' FP32 pipeline on this checkpoint instead of the service",
    )
    parser.add_argument(
        "--count", type=int, default=COUNT, help="number of prompts (default: %(default)s)"
    )
    for side in ("width", "height"):
        parser.add_argument(
            f"--{side}",
            type=int,
            default=getattr(ClipRequest, side),
            help="of the clips, in pixels (default: %(default)s)",
        )
    parser.add_argument(
        "--output", type=Path, help="result file (default: in demo/evaluation/results/)"
    )
    options = parser.parse_args()
    with reference(options.reference) if options.reference else service() as source:
        clips = []
        for prompt in tqdm(held_out_prompts(options.count), desc=source.name, unit="clip"):
            request = replace(prompt.request, width=options.width, height=options.height)
            clips.append(ScoredClip(prompt, classify(source.clip(request), request.fps)))
    about = {
        "source": source.name,
        "checkpoint": source.checkpoint_sha256,
        "precision": source.precision,
        "width": options.width,
        "height": options.height,
    }
    file = options.output or result_file(source.name, options.width, options.height)
    save(file, clips, about)
    print(table({source.name: scores(clips)}))


@contextmanager
def service() -> Iterator[Source]:
    config = PipelineConfig.load(version_folder(SERVED_REPOSITORY, LTX_VIDEO))
    on_gpu = select_device(version_folder(SERVED_REPOSITORY, TRANSFORMER)).kind == "cuda"
    precision = config.precision if on_gpu else describe_cpu_precision(config.precision)
    with local_service() as frontend:
        clip = partial(download_clip, frontend.url)
        yield Source("service", config.checkpoint_sha256, precision, clip)


@contextmanager
def reference(checkpoint: Path) -> Iterator[Source]:
    # Imports are lazy: these need torch, and the service does not.
    from demo.evaluation.reference import ReferencePipeline
    from export.checkpoint.open import open_checkpoint

    sha256 = open_checkpoint(str(checkpoint), None).sha256()
    pipeline = ReferencePipeline(checkpoint)
    yield Source("reference", sha256, "fp32", lambda request: pipeline.frames(request.video))


if __name__ == "__main__":
    main()
