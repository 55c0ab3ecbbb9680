import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.baselines.worker import Worker
from benchmarks.peers.protocol import PeerRequest, write_mp4
from benchmarks.suite.mp4 import service_mp4
from frontend.media.reader import read

MODULE = """
import time
import numpy as np
from benchmarks.peers.protocol import serve

def generate(request):
    time.sleep(0.1)
    return np.zeros((request.made_frames, request.height, request.width, 3), np.uint8)

serve(generate)
"""


@pytest.fixture
def request_of_24_frames() -> PeerRequest:
    return PeerRequest("a cat", 64, 32, 24, 8.0, 0, 8, 0.05, 0.025, service_mp4("ultrafast"))


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    (tmp_path / "peer.py").write_text(MODULE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with closing(Worker(sys.executable, "peer")) as worker:
        yield worker


def test_frames_and_mp4_are_timed(worker: Worker, request_of_24_frames: PeerRequest) -> None:
    seconds = worker.ask("video", asdict(request_of_24_frames))
    assert seconds.keys() == {"frames", "mp4", "total"}
    assert seconds["frames"] >= 0.1
    assert seconds["mp4"] > 0
    assert seconds["total"] == pytest.approx(seconds["frames"] + seconds["mp4"])


def test_pipelines_make_the_next_number_that_the_vae_can(
    request_of_24_frames: PeerRequest,
) -> None:
    for wanted, made in ((1, 1), (24, 25), (25, 25), (26, 33), (240, 241)):
        assert replace(request_of_24_frames, num_frames=wanted).made_frames == made
    assert request_of_24_frames.pipeline_arguments()["num_frames"] == 25


def test_the_mp4_has_all_frames(request_of_24_frames: PeerRequest, tmp_path: Path) -> None:
    frames = np.zeros((24, 32, 64, 3), np.uint8)
    write_mp4(frames, 8.0, request_of_24_frames.mp4, tmp_path / "video.mp4")
    assert read(tmp_path / "video.mp4").frames.shape == (24, 32, 64, 3)


def test_encoding_is_the_services_own() -> None:
    ffmpeg, *options = service_mp4("ultrafast")
    assert Path(ffmpeg).is_file()
    assert options[options.index("-c:v:0") + 1] == "libx264"
    assert options[-2:] == ["-f", "mp4"]
