"""Make a video again from its receipt and compare it with the first."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontend.client import ApiClient, ClientError, JobStatus, make_video
from frontend.jobs.receipt import Receipt
from frontend.media.reader import read
from frontend.media.writer import file_sha256

_COMPARED = ("checkpoint_sha256", "export_sha256", "device", "device_name", "precision", "versions")


@dataclass(frozen=True)
class Comparison:
    is_same_file: bool
    # Of all values of all frames, from 0 to 255; None: the first video is not there
    largest_difference: int | None
    mean_difference: float | None
    changes: dict[str, tuple[Any, Any]]  # of what made the two, by field of the receipt

    def __str__(self) -> str:
        lines = [
            f"{name} was {before!r} and is {after!r}"
            for name, (before, after) in self.changes.items()
        ]
        if self.is_same_file:
            lines.append("The two files are the same, byte for byte")
        elif self.largest_difference is None:
            lines.append("The files differ; compare the frames with --video")
        elif self.largest_difference == 0:
            lines.append("The frames are the same")
        else:
            lines.append(
                f"The frames differ by {self.mean_difference:.3f} of 255 on average, "
                f"by {self.largest_difference} at most"
            )
        return "\n".join(lines)


def reproduce(
    receipt: Receipt, api: ApiClient, first: Path | None, watch: Callable[[JobStatus], None]
) -> Comparison:
    """Make the video of the receipt on a server and compare the two.

    Args:
        receipt: of the first video.
        api: of the server.
        first: the first video; None: compare the files by their hash alone.
        watch: see `make_video`.

    Raises:
        ClientError: the video could not be made.
    """
    spec = receipt.spec
    parameters: dict[str, str | float] = {
        "prompt": spec.prompt,
        "seed": spec.seed,
        "width": spec.width,
        "height": spec.height,
        "num_frames": spec.num_frames,
        "fps": int(spec.frame_rate),
    }
    if spec.num_inference_steps:
        parameters["num_inference_steps"] = spec.num_inference_steps
    if spec.negative_prompt:
        parameters["negative_prompt"] = spec.negative_prompt
    if spec.guidance_scale:
        parameters["guidance_scale"] = spec.guidance_scale
    before = _frames(first) if first else None
    with tempfile.TemporaryDirectory() as folder:
        made = make_video(api, parameters, Path(folder) / "again.mp4", watch)
        again = Receipt.model_validate(api.receipt(made.status["job_id"]))
        largest = mean = None
        if before is not None:
            after = _frames(made.path)
            if before.shape != after.shape:
                raise ClientError(
                    f"{first} is another video: {_shape(before)}, and not {_shape(after)}"
                )
            difference = np.abs(before - after)
            largest, mean = int(difference.max()), float(difference.mean())
        return Comparison(
            is_same_file=file_sha256(made.path) == receipt.video_sha256,
            largest_difference=largest,
            mean_difference=mean,
            changes={
                name: (getattr(receipt, name), getattr(again, name))
                for name in _COMPARED
                if getattr(receipt, name) != getattr(again, name)
            },
        )


def _frames(path: Path) -> NDArray[np.int16]:
    try:
        return read(path).frames.astype(np.int16)
    except (OSError, StopIteration) as error:
        raise ClientError(f"{path} cannot be read as a video: {error}") from error


def _shape(frames: NDArray[np.int16]) -> str:
    count, height, width, _ = frames.shape
    return f"{count} frames of {width} x {height}"
