from pathlib import Path
from typing import Any

import pytest
import requests

from frontend.media import reader as mp4

DOCUMENTED_FIELDS = {
    "status", "message", "job_id", "filename", "prompt", "duration", "frames_generated",
    "resolution", "model_used", "file_size_mb", "fps", "generation_time_seconds", "device_used",
    "download_url", "preview_url", "width", "height", "num_frames",
}  # fmt: skip


def download(url: str, path: str, folder: Path) -> Path:
    response = requests.get(url + path, timeout=60)
    assert response.status_code == 200
    file = folder / "video.mp4"
    file.write_bytes(response.content)
    return file


def top_level_boxes(mp4_file: bytes) -> list[str]:
    names, position = [], 0
    while position < len(mp4_file):
        size = int.from_bytes(mp4_file[position : position + 4], "big")
        names.append(mp4_file[position + 4 : position + 8].decode())
        position += size
    return names


@pytest.mark.parametrize("way", ["params", "data", "files", "json"])
def test_parameters_are_taken_as_query_form_multipart_and_json(frontend: str, way: str) -> None:
    parameters = {"prompt": "a red ball", "duration": 1, "resolution": 64, "fps": 9, "seed": 3}
    sent: dict[str, Any] = {way: parameters}
    if way == "files":
        sent = {"files": {name: (None, str(value)) for name, value in parameters.items()}}

    response = requests.post(f"{frontend}/generate", timeout=60, **sent)

    assert response.status_code == 200, response.text
    body = response.json()
    assert set(body) == DOCUMENTED_FIELDS | {"seed"}
    assert body["frames_generated"] == 9
    assert body["resolution"] == "64x64"
    assert body["fps"] == 9.0
    assert body["seed"] == 3
    assert body["model_used"] == "hub/tiny"
    assert body["device_used"] == "cpu"
    assert body["message"] == "Video generated and saved successfully with tiny!"


def test_the_default_request_makes_the_documented_mp4(frontend: str, tmp_path: Path) -> None:
    body = requests.post(f"{frontend}/generate", data={"prompt": "a cat"}, timeout=120).json()

    file = download(frontend, body["download_url"], tmp_path)
    video = mp4.read(file)
    assert (video.codec, video.pixel_format, video.fps) == ("h264", "yuv420p", 8.0)
    assert video.frames.shape == (24, 512, 512, 3)
    assert body["frames_generated"] == 24
    assert video.frames.std() > 10, "a constant picture would prove nothing"
    boxes = top_level_boxes(file.read_bytes())
    assert boxes.index("moov") < boxes.index("mdat"), "faststart"
    assert body["file_size_mb"] == pytest.approx(file.stat().st_size / 1e6, rel=0.01)


@pytest.mark.parametrize(("duration", "fps"), [(1, 1), (2, 7), (1, 25), (4, 60)])
def test_the_video_has_exactly_duration_times_fps_frames(
    frontend: str, tmp_path: Path, duration: int, fps: int
) -> None:
    parameters = {"prompt": "a", "duration": duration, "fps": fps, "resolution": 64}

    body = requests.post(f"{frontend}/generate", json=parameters, timeout=120).json()

    video = mp4.read(download(frontend, body["download_url"], tmp_path))
    assert body["frames_generated"] == len(video.frames) == duration * fps
    assert video.fps == fps


def test_the_same_seed_makes_the_same_file(frontend: str, tmp_path: Path) -> None:
    files = []
    for seed in (5, 5, 6):
        parameters = {"prompt": "a", "duration": 1, "resolution": 64, "seed": seed}
        body = requests.post(f"{frontend}/generate", json=parameters, timeout=60).json()
        files.append(download(frontend, body["download_url"], tmp_path).read_bytes())

    assert files[0] == files[1] != files[2]


def test_a_drawn_seed_makes_the_video_again(frontend: str, tmp_path: Path) -> None:
    parameters: dict[str, Any] = {"prompt": "a", "duration": 1, "resolution": 64}
    drawn = requests.post(f"{frontend}/generate", json=parameters, timeout=60).json()
    parameters["seed"] = drawn["seed"]
    again = requests.post(f"{frontend}/generate", json=parameters, timeout=60).json()

    first, second = (
        download(frontend, body["download_url"], tmp_path).read_bytes() for body in (drawn, again)
    )
    assert first == second
