"""The ports of the service: free, or held by whom."""

from contextlib import suppress
from typing import Any

import httpx
import psutil

from frontend.local.api import local_url
from ltx_command.checks.finding import Finding, Installation, ok, problem
from ltx_triton.launcher.listening import Port
from ltx_triton.launcher.local_triton import expected_ports

_SERVER = "tritonserver"


def api(installation: Installation) -> Finding:
    settings = installation.settings
    port = Port("API_PORT", settings.api_host, settings.api_port)
    if (found := port.problem()) is None:
        return ok(f"{port.number} is free")
    health = _health(local_url(port.host, port.number))
    if health is None:
        return problem(found, _another(port))
    runs = f"{port.number}: the service runs there"
    if reason := health.get("reason"):
        return problem(f"{runs}, and says: {reason}", "see docs/operations.md, Watch")
    return ok(runs)


def _health(url: str) -> dict[str, Any] | None:
    """Return the answer of our own API; None if something else is there."""
    try:
        body = httpx.get(f"{url}/health", timeout=5, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return None
    return body if isinstance(body, dict) and "gpu_available" in body else None


def triton_grpc(installation: Installation) -> Finding:
    grpc, _ = expected_ports(installation.settings)
    return _of_triton(grpc)


def triton_metrics(installation: Installation) -> Finding:
    _, metrics = expected_ports(installation.settings)
    return _of_triton(metrics)


def running_server(installation: Installation) -> psutil.Process | None:
    """Return the Triton that runs where the service expects it."""
    grpc, _ = expected_ports(installation.settings)
    with suppress(psutil.NoSuchProcess):
        holder = grpc.holder()
        if holder and holder.name() == _SERVER:
            return holder
    return None


def _of_triton(port: Port) -> Finding:
    if (found := port.problem()) is None:
        return ok(f"{port.number} is free")
    with suppress(psutil.NoSuchProcess):
        holder = port.holder()
        if holder and holder.name() == _SERVER:
            return ok(f"{port.number}: Triton runs there (process {holder.pid})")
    return problem(found, _another(port))


def _another(port: Port) -> str:
    return f"end that program, or set {port.variable} to another port"
