"""A container has 64 MB of shared memory unless told otherwise."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from ltx_triton.engines.machine_memory import SHARED_MEMORY
from ltx_triton.launcher.local_triton import free_port
from tests.e2e.jobs import TIMEOUT

TRY = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", str(SHARED_MEMORY)]
CAN_MOUNT = (
    os.geteuid() == 0 and subprocess.run(TRY, check=False, capture_output=True).returncode == 0
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CAN_MOUNT, reason="may not mount a small /dev/shm"),
]

SERVE = "mount -t tmpfs -o size=$0 tmpfs /dev/shm && exec {} -m ltx_command serve {} {}"


@contextmanager
def stack(
    repository: Path, folder: Path, shared_memory: str
) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    """Yield the process, its URL and its log."""
    port, log = free_port(), folder / "log.txt"
    serve = SERVE.format(sys.executable, "--model-repository", repository)
    environment = {
        "API_HOST": "127.0.0.1",
        "API_PORT": str(port),
        "TRITON_GRPC_ADDRESS": f"127.0.0.1:{free_port()}",
        "TRITON_METRICS_URL": f"http://127.0.0.1:{free_port()}/metrics",
        "OUTPUT_DIR": str(folder),
    }
    with (
        log.open("wb") as output,
        subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", serve, shared_memory],  # noqa: S607
            env=os.environ | environment,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        try:
            yield process, f"http://127.0.0.1:{port}", log
        finally:
            process.terminate()


def wait_until_healthy(url: str) -> None:
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{url}/health", timeout=TIMEOUT).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.2)
    raise AssertionError("not healthy")


def test_videos_are_made_as_far_as_it_carries_them(demo_repository: Path, tmp_path: Path) -> None:
    with stack(demo_repository, tmp_path, "64m") as (_, url, _):
        wait_until_healthy(url)
        request = {"prompt": "a red ball", "resolution": 512, "duration": 10}
        refused = requests.post(f"{url}/generate", json=request, timeout=TIMEOUT)
        request["duration"] = 3
        made = requests.post(f"{url}/generate", json=request, timeout=TIMEOUT)

    assert refused.status_code == 400
    assert "num_frames=80 needs " in refused.json()["detail"]
    assert "MB of shared memory; /dev/shm has 6" in refused.json()["detail"]
    assert made.status_code == 200, made.text


def test_too_little_for_any_video_ends_the_start_in_words(
    demo_repository: Path, tmp_path: Path
) -> None:
    with stack(demo_repository, tmp_path, "2m") as (process, _, log):
        assert process.wait(TIMEOUT) == 1

    assert log.read_text() == (
        f"Error: {SHARED_MEMORY} has 2 MB free and Triton needs 16, more for large videos: give a "
        "container more with --shm-size, or remove other programs' files there\n"
    )
