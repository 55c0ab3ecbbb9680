"""deploy/triton.sh with the real Triton: what it leaves open and what it closes."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from tritonclient.grpc import InferenceServerClient
from tritonclient.utils import InferenceServerException

from ltx_triton.launcher.local_triton import free_port
from ltx_triton.launcher.process import LOOPBACK
from ltx_triton.launcher.shared_memory import SharedMemory
from ltx_triton.launcher.wheel import TritonWheel
from ltx_triton.parent_process import die_with_parent
from tests.deploy.stack import DEPLOY
from tests.frontend.conftest import wait_until

SCRIPT = DEPLOY / "triton.sh"
HTTP, GRPC, METRICS = range(3)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("triton") / "triton.log"


@pytest.fixture(scope="module")
def ports(repository: Path, log: Path) -> Iterator[list[int]]:
    """Of a server that the script has started, on a repository that is elsewhere than in images."""
    folder = log.parent
    script = folder / "triton.sh"
    script.write_text(SCRIPT.read_text().replace("/models", str(repository)))
    wheel = TritonWheel.find()
    links = wheel.link_into(folder / "links", repository)
    environment = os.environ | wheel.environment(links)
    environment["PATH"] = f"{wheel.server.parent}{os.pathsep}{environment['PATH']}"
    memory = SharedMemory()
    ports = [free_port() for _ in range(3)]
    options = [f"--backend-directory={links.backends}"]
    options += [f"--backend-config=python,shm-region-prefix-name={memory.prefix}"]
    for kind, port in zip(("http", "grpc", "metrics"), ports, strict=True):
        options += [f"--{kind}-address={LOOPBACK}", f"--{kind}-port={port}"]
    with log.open("wb") as output:
        server = subprocess.Popen(
            ["/bin/sh", script, *options],
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )
    try:

        def ready() -> bool:
            assert server.poll() is None, log.read_text()
            try:
                url = f"http://{LOOPBACK}:{ports[HTTP]}/v2/health/ready"
                return httpx.get(url, trust_env=False).is_success
            except httpx.TransportError:
                return False

        wait_until(ready, seconds=120)
        yield ports
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        memory.remove()


def test_the_script_can_be_executed() -> None:
    assert os.access(SCRIPT, os.X_OK)
    assert SCRIPT.read_text().startswith("#!/bin/sh\n")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v2/repository/index"),
        ("POST", "/v2/repository/models/transformer/unload"),
        ("GET", "/v2/models/transformer/stats"),
        ("GET", "/v2/systemsharedmemory/status"),
        ("GET", "/v2/trace/setting"),
        ("GET", "/v2/logging"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"closed": ""}, {"closed": "off"}])
def test_what_nobody_needs_is_closed_over_http(
    method: str, path: str, headers: dict[str, str], ports: list[int]
) -> None:
    url = f"http://{LOOPBACK}:{ports[HTTP]}{path}"
    assert httpx.request(method, url, headers=headers, trust_env=False).status_code == 403


@pytest.mark.parametrize(
    "call",
    [
        "get_model_repository_index",
        "get_inference_statistics",
        "get_system_shared_memory_status",
        "get_trace_settings",
        "get_log_settings",
    ],
)
def test_what_nobody_needs_is_closed_over_grpc(call: str, ports: list[int]) -> None:
    client = InferenceServerClient(f"{LOOPBACK}:{ports[GRPC]}")
    with pytest.raises(InferenceServerException) as refusal:
        getattr(client, call)()
    assert "restricted" in refusal.value.message()
    client.close()


def test_configs_are_not_completed_for_which_triton_would_open_a_plan_twice(
    ports: list[int], log: Path
) -> None:
    assert re.search(r"strict_model_config +\| 1 ", log.read_text())


def test_the_frontend_and_prometheus_get_what_they_need(ports: list[int]) -> None:
    client = InferenceServerClient(f"{LOOPBACK}:{ports[GRPC]}")
    assert client.is_model_ready("ltx_video")
    client.close()
    metrics = httpx.get(f"http://{LOOPBACK}:{ports[METRICS]}/metrics", trust_env=False)
    assert "nv_inference_count" in metrics.text
