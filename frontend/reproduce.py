"""`python -m frontend.reproduce receipt.json`: make a video again and compare it with the first."""

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from pydantic import ValidationError

from frontend.client import WITHOUT_PROXY, ClientError, make_video
from frontend.jobs.receipt import Receipt, file_sha256
from frontend.media.reader import read

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
            lines.append("The files differ; give the first one with --video to compare the frames")
        elif self.largest_difference == 0:
            lines.append("The frames are the same")
        else:
            lines.append(
                f"The frames differ by {self.mean_difference:.3f} of 255 on average, "
                f"by {self.largest_difference} at most"
            )
        return "\n".join(lines)


def reproduce(
    receipt: Receipt, url: str, first: Path | None = None, api_key: str | None = None
) -> Comparison:
    """Make the video of the receipt on a server and compare the two.

    Args:
        receipt: of the first video.
        url: base URL of the API.
        first: the first video; None: compare the files by their hash alone.
        api_key: the API key, if the server requires one.

    Raises:
        ClientError: the video could not be made.
    """
    spec = receipt.spec
    parameters: dict[str, str | int] = {
        "prompt": spec.prompt,
        "seed": spec.seed,
        "width": spec.width,
        "height": spec.height,
        "num_frames": spec.num_frames,
        "fps": int(spec.frame_rate),
    }
    if spec.num_inference_steps:
        parameters["num_inference_steps"] = spec.num_inference_steps
    with tempfile.TemporaryDirectory() as folder:
        made = make_video(parameters, url, Path(folder) / "again.mp4", api_key)
        again = _receipt(url, made.status["job_id"], api_key)
        largest = mean = None
        if first:
            before, after = (read(path).frames.astype(np.int16) for path in (first, made.path))
            if before.shape != after.shape:
                raise ClientError(f"{first} is another video: frames of {before.shape[1:3]}")
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


def _receipt(url: str, job_id: str, api_key: str | None) -> Receipt:
    headers = {"X-API-Key": api_key} if api_key else {}
    with httpx.Client(base_url=url, headers=headers, mounts=WITHOUT_PROXY) as http:
        return Receipt.model_validate(http.get(f"/jobs/{job_id}/receipt").raise_for_status().json())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m frontend.reproduce", description=__doc__)
    parser.add_argument("receipt", type=Path, help="answer of GET /jobs/{job_id}/receipt")
    parser.add_argument("--video", type=Path, help="the first video, to compare the frames")
    parser.add_argument("--url", default="http://localhost:8000", help="(default: %(default)s)")
    parser.add_argument("--api-key", help="of the server, if it requires one")
    options = parser.parse_args()
    try:
        receipt = Receipt.model_validate(json.loads(options.receipt.read_text()))
        comparison = reproduce(receipt, options.url, options.video, options.api_key)
    except (OSError, json.JSONDecodeError, ValidationError) as error:
        raise SystemExit(f"Error: {options.receipt} cannot be read: {error}") from error
    except ClientError as error:
        raise SystemExit(f"Error: {error}") from error
    print(comparison)
    if not comparison.is_same_file and comparison.largest_difference != 0:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
