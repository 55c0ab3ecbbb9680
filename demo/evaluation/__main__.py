"""Score the clips of a checkpoint of the demo's world on held-out prompts, at the default size."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from demo.evaluation.classifier import judge
from demo.evaluation.prompts import COUNT, ClipRequest, held_out_prompts
from demo.evaluation.score import RESULTS, Verdict, save, scores, table
from frontend.local.service import local_service, served_clip
from ltx_triton.contract import LTX_VIDEO, TRANSFORMER
from ltx_triton.engines.cpu_precision import select_cpu_precision
from ltx_triton.engines.device import select_device
from ltx_triton.pipeline.config import MODEL_REPOSITORY, PipelineConfig, version_folder


@dataclass(frozen=True)
class Source:
    """Where clips come from."""

    name: str
    checkpoint: str  # its hash
    precision: str
    clip: Callable[[ClipRequest], NDArray[np.uint8]]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m demo.evaluation", description=__doc__)
    parser.add_argument(
        "--reference",
        type=Path,
        metavar="CHECKPOINT",
        help="judge diffusers' FP32 pipeline on this checkpoint instead of the service",
    )
    parser.add_argument("--count", type=int, default=COUNT, help="prompts (default: %(default)s)")
    parser.add_argument("--output", type=Path, help="result file (default: in quality/results/)")
    options = parser.parse_args()
    with reference(options.reference) if options.reference else service() as source:
        verdicts = [
            Verdict(prompt, judge(source.clip(prompt.request), prompt.request.fps))
            for prompt in tqdm(held_out_prompts(options.count), desc=source.name, unit="clip")
        ]
    about = {"source": source.name, "checkpoint": source.checkpoint, "precision": source.precision}
    save(options.output or RESULTS / f"{source.name}.json", verdicts, about)
    print(table({source.name: scores(verdicts)}))


@contextmanager
def service() -> Iterator[Source]:
    """The service, with whatever has been exported."""
    config = PipelineConfig.load(version_folder(MODEL_REPOSITORY, LTX_VIDEO))
    on_gpu = select_device(version_folder(MODEL_REPOSITORY, TRANSFORMER)).kind == "cuda"
    precision = config.precision if on_gpu else select_cpu_precision()
    with local_service() as frontend:
        yield Source(
            "served", config.checkpoint_sha256, precision, partial(served_clip, frontend.url)
        )


@contextmanager
def reference(checkpoint: Path) -> Iterator[Source]:
    """diffusers."""
    # These need torch, which the service does not.
    from demo.evaluation.reference import ReferencePipeline
    from export.checkpoint.folder import open_checkpoint

    sha256 = open_checkpoint(str(checkpoint), None).sha256()
    pipeline = ReferencePipeline(checkpoint)
    yield Source("reference", sha256, "fp32", lambda request: pipeline.frames(request.video))


if __name__ == "__main__":
    main()
