"""Wait for a process that serves HTTP."""

import subprocess
import time

import httpx

_INTERVAL = 0.02  # seconds


class UnhealthyError(RuntimeError):
    """The process ended, or did not answer in time."""


def wait_until_healthy(process: subprocess.Popen[bytes], url: str, timeout: float) -> None:
    """Poll `GET /health` until it succeeds.

    Raises:
        UnhealthyError: the process ended, or `timeout` seconds passed.
    """
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise UnhealthyError(f"ended (exit {process.returncode})")
        try:
            if httpx.get(f"{url}/health", timeout=5, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(_INTERVAL)
    raise UnhealthyError(f"was not healthy after {timeout:.0f} s")
