"""Score the clips of a checkpoint of the demo's world on held-out prompts, at the default size."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ltx_triton.contract import LTX_VIDEO, VideoRequest
from ltx_triton.pipeline_config import MODEL_REPOSITORY, PipelineConfig, version_folder
from quality.judge import judge
from quality.prompts import COUNT, DURATION, FPS, RESOLUTION, Prompt, held_out_prompts
from quality.score import RESULTS, Verdict, save, scores, table
from quality.served import served_clips

Clips = Callable[[Prompt], NDArray[np.uint8]]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m quality", description=__doc__)
    parser.add_argument(
        "--reference",
        type=Path,
        metavar="CHECKPOINT",
        help="judge diffusers' FP32 pipeline on this checkpoint instead of the service",
    )
    parser.add_argument("--count", type=int, default=COUNT, help="prompts (default: %(default)s)")
    parser.add_argument("--output", type=Path, help="result file (default: in quality/results/)")
    options = parser.parse_args()
    source = "reference" if options.reference else "served"
    output = options.output or RESULTS / f"{source}.json"
    source_of_clips = reference_clips(options.reference) if options.reference else served_clips()
    with source_of_clips as clips:
        verdicts = [
            Verdict(prompt, judge(clips(prompt), FPS))
            for prompt in tqdm(held_out_prompts(options.count), desc=source, unit="clip")
        ]
    about = {"source": source}
    if not options.reference:
        config = PipelineConfig.load(version_folder(MODEL_REPOSITORY, LTX_VIDEO))
        about |= {"checkpoint": config.checkpoint_sha256, "precision": config.precision}
    save(output, verdicts, about)
    print(table({source: scores(verdicts)}))


@contextmanager
def reference_clips(checkpoint: Path) -> Iterator[Clips]:
    """Clips by diffusers."""
    from quality.reference import ReferencePipeline  # needs torch, which the service does not

    pipeline = ReferencePipeline(checkpoint)

    def clip(prompt: Prompt) -> NDArray[np.uint8]:
        return pipeline.frames(
            VideoRequest(
                prompt=prompt.text,
                num_frames=DURATION * FPS,
                height=RESOLUTION,
                width=RESOLUTION,
                frame_rate=float(FPS),
                seed=prompt.seed,
            )
        )

    yield clip


if __name__ == "__main__":
    main()
