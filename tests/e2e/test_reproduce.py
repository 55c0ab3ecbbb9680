"""Videos that are made again from their receipts."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.e2e.jobs import finish, post


@pytest.fixture
def receipt(demo: str, tmp_path: Path) -> dict[str, Any]:
    """The receipt of a video, which lies in video.mp4."""
    job = finish(demo, post(demo, prompt="a red ball", resolution=128, seed=9)["job_id"])
    video = requests.get(demo + job["download_url"], timeout=60).content
    (tmp_path / "video.mp4").write_bytes(video)
    answer = requests.get(f"{demo}/jobs/{job['job_id']}/receipt", timeout=60)
    receipt: dict[str, Any] = answer.json()
    return receipt


def reproduce(url: str, folder: Path, receipt: object) -> subprocess.CompletedProcess[str]:
    (folder / "receipt.json").write_text(json.dumps(receipt))
    return subprocess.run(
        [
            *(sys.executable, "-m", "ltx_command", "reproduce", folder / "receipt.json"),
            *("--video", folder / "video.mp4", "--url", url),
        ],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_video_made_again_has_the_same_frames(
    demo: str, receipt: dict[str, Any], tmp_path: Path
) -> None:
    assert len(receipt["export_sha256"]) == 64
    assert "openvino" in receipt["versions"]

    made = reproduce(demo, tmp_path, receipt)

    assert made.returncode == 0, made.stderr
    assert made.stdout.splitlines()[-1] in (
        "The two files are the same, byte for byte",
        "The frames are the same",
    )


def test_a_video_of_another_seed_and_what_has_changed_are_told(
    demo: str, receipt: dict[str, Any], tmp_path: Path
) -> None:
    changed = {**receipt, "spec": {**receipt["spec"], "seed": 10}, "precision": "fp64"}

    made = reproduce(demo, tmp_path, changed)

    assert made.returncode == 1
    assert made.stdout.startswith("precision was 'fp64' and is ")
    assert "The frames differ by" in made.stdout


def test_what_is_no_receipt_is_refused(demo: str, tmp_path: Path) -> None:
    (tmp_path / "video.mp4").touch()
    made = reproduce(demo, tmp_path, {"version": 1})
    assert made.returncode == 1
    [line] = made.stderr.splitlines()
    assert "receipt.json is no receipt: " in line
