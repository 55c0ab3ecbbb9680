"""Ask a process that serves HTTP for its health."""

import subprocess
import time

import httpx

from frontend.health_reasons import DISK_FULL

_INTERVAL = 0.02  # seconds


class UnhealthyError(RuntimeError):
    """The process ended, or did not answer in time."""


def wait_until_healthy(process: subprocess.Popen[bytes], url: str, timeout: float) -> None:
    """Poll `GET /health` until it succeeds, or finds nothing wrong but a full disk.

    With that a service is up: it gives out the videos that are there, and jobs wait for room.

    Raises:
        UnhealthyError: the process ended, or `timeout` seconds passed.
    """
    deadline = time.monotonic() + timeout
    reason: str | None = None
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise UnhealthyError(f"ended (exit {process.returncode})")
        reason = unhealthy_reason(url)
        if reason in (None, DISK_FULL):
            return
        time.sleep(_INTERVAL)
    raise UnhealthyError(f"was not healthy after {timeout:.0f} s: {reason}")


def unhealthy_reason(url: str) -> str | None:
    """Return why the server cannot make videos, or None."""
    try:
        # No proxy: it is local.
        answer = httpx.get(f"{url}/health", timeout=5, trust_env=False)
    except httpx.TransportError as error:
        return str(error)
    if answer.is_success:
        return None
    return str(answer.json().get("reason", answer.reason_phrase))
