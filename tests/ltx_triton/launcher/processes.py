"""Inspect the processes of a local Triton."""

import os
import subprocess
import time
from collections.abc import Callable

import psutil

from ltx_triton.launcher.local_triton import free_port


def free_triton_ports() -> dict[str, str]:
    """Settings of a command that starts a Triton, so that it can run beside others."""
    return {
        "TRITON_GRPC_ADDRESS": f"127.0.0.1:{free_port()}",
        "TRITON_METRICS_URL": f"http://127.0.0.1:{free_port()}/metrics",
    }


def processes_of_session(leader: int) -> list[int]:
    alive = []
    for process in psutil.process_iter(["status"]):
        try:
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                alive.append(process.pid)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return alive


def ready_line(command: subprocess.Popen[str]) -> str:
    """The first line that says more than that the models are still loading."""
    assert command.stderr is not None
    return next((line for line in command.stderr if "still loading" not in line), "")


def stub_of(server: int, model: str) -> psutil.Process:
    return next(
        process
        for process in psutil.Process(server).children(recursive=True)
        if f"/{model}/1/model.py" in " ".join(process.cmdline())
    )


def wait_for(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        time.sleep(0.1)
