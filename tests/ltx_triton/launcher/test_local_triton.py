import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tritonclient.grpc import InferenceServerClient
from tritonclient.utils import InferenceServerException

from frontend.triton import EngineUnavailableError, TritonClient
from ltx_triton.contract import Progress
from ltx_triton.launcher.listening import PortTakenError
from ltx_triton.launcher.local_triton import LocalTriton, TritonStartError
from ltx_triton.launcher.wheel import TritonWheel
from ltx_triton.settings import Settings
from ltx_triton.video_spec import VideoSpec
from tests.ltx_triton.launcher.processes import (
    free_triton_ports,
    processes_of_session,
    ready_line,
    stub_of,
    wait_for,
)
from tests.model_repository.client import generate_all
from tests.nobody import as_nobody

REQUEST = VideoSpec(prompt="a red ball", num_frames=9, height=64, width=64, frame_rate=8.0, seed=1)
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
LAUNCHER = ["-m", "ltx_triton.launcher.local_triton"]
IMPATIENT = """
from ltx_triton.launcher import local_triton
local_triton.LOADING_LOG_INTERVAL = 0.1
from {module} import main
main()
"""


def regions_of(server: int) -> list[Path]:
    option = "--backend-config=python,shm-region-prefix-name="
    [prefix] = [
        part.removeprefix(option)
        for part in psutil.Process(server).cmdline()
        if part.startswith(option)
    ]
    return list(SHARED_MEMORY.glob(f"{prefix}*"))


def test_leaves_no_process_and_no_shared_memory(repository: Path) -> None:
    with LocalTriton(repository) as triton:
        server = triton.pid
        generate_all(triton.grpc_address, [REQUEST])
        own = regions_of(server)
        assert own, "the prefix of the regions is not what this test looks for"

    assert processes_of_session(server) == []
    assert not [region for region in own if region.exists()]


def test_quotes_tritons_error_if_a_model_cannot_be_loaded(repository: Path, tmp_path: Path) -> None:
    broken = tmp_path / "repository"
    shutil.copytree(repository, broken)
    (broken / "transformer" / "1" / "model.onnx").write_bytes(b"not an engine")

    with pytest.raises(TritonStartError, match=r"failed to load 'transformer'"):
        LocalTriton(broken).__enter__()


def test_quotes_the_shells_error_if_no_stub_can_start(repository: Path, tmp_path: Path) -> None:
    """tritonserver itself would wait for ever."""
    stub = tmp_path / "triton_python_backend_stub"
    stub.write_text("#!/no/such/interpreter\n")
    stub.chmod(0o755)
    started = time.monotonic()

    with pytest.raises(TritonStartError, match="triton_python_backend_stub: cannot execute"):
        LocalTriton(repository, wheel=replace(TritonWheel.find(), stub=stub)).__enter__()

    assert time.monotonic() - started < 60


def test_serves_from_a_path_with_spaces_and_accents(repository: Path, tmp_path: Path) -> None:
    odd = tmp_path / "mes vidéos"
    shutil.copytree(repository, odd)

    with LocalTriton(odd) as triton:
        [video] = generate_all(triton.grpc_address, [REQUEST])

    assert len(video.frames) == REQUEST.num_frames


def test_does_not_touch_the_stub_of_the_environment(repository: Path) -> None:
    """Triton changes the mode of a stub whose trial run fails, through the link."""

    def mode_and_change() -> tuple[int, int]:
        stub = TritonWheel.find().stub.stat()
        return stub.st_mode, stub.st_ctime_ns

    before = mode_and_change()

    with LocalTriton(repository) as triton:
        generate_all(triton.grpc_address, [REQUEST])

    assert mode_and_change() == before


def test_runs_as_a_user_who_may_write_nothing_of_the_environment(repository: Path) -> None:
    with subprocess.Popen(
        [*as_nobody(), sys.executable, *LAUNCHER, "--model-repository", repository],
        env=os.environ | free_triton_ports(),
        stderr=subprocess.PIPE,
        text=True,
    ) as launcher:
        line = ready_line(launcher)
        launcher.terminate()

    assert line.startswith("Triton is ready")


def test_a_repository_without_a_checkpoint_says_which_command_makes_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="run `make export`"):
        LocalTriton(tmp_path).__enter__()


def test_starts_in_an_environment_with_a_proxy(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    with LocalTriton(repository) as triton:
        [video] = generate_all(triton.grpc_address, [REQUEST])

    assert len(video.frames) == REQUEST.num_frames


@pytest.mark.parametrize("victim", ["transformer", "ltx_video", "the server"])
def test_a_killed_process_ends_its_jobs_and_the_service_recovers(
    repository: Path, victim: str
) -> None:
    long = REQUEST.model_copy(update={"num_inference_steps": 50, "height": 256, "width": 256})

    async def kill_during_a_job(triton: LocalTriton) -> None:
        client = TritonClient(triton.grpc_address)
        killed = False
        async for message in client.generate(long, request_id="victim"):
            if not killed and isinstance(message, Progress) and message.step == 2:
                process = psutil.Process(triton.pid)
                if victim != "the server":
                    process = stub_of(triton.pid, victim)
                process.kill()
                killed = True
        await client.close()

    with LocalTriton(repository) as triton:
        first = triton.pid
        with pytest.raises(EngineUnavailableError):
            asyncio.run(asyncio.wait_for(kill_during_a_job(triton), timeout=20))

        wait_for(lambda: triton.pid != first, 20, "a new server")
        wait_for(lambda: is_ready(triton), 30, "ready again")
        [video] = generate_all(triton.grpc_address, [REQUEST])
        assert len(video.frames) == REQUEST.num_frames
        assert processes_of_session(first) == []
        second = triton.pid
    assert processes_of_session(second) == []


def is_ready(triton: LocalTriton) -> bool:
    async def ask() -> bool:
        client = TritonClient(triton.grpc_address)
        reason = await client.readiness_error()
        await client.close()
        return reason is None

    return asyncio.run(ask())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_server_ends_with_its_launcher(repository: Path, number: signal.Signals) -> None:
    """Even SIGKILL of the launcher leaves no server behind."""
    launcher = subprocess.Popen(
        [sys.executable, *LAUNCHER, "--model-repository", repository],
        env=os.environ | free_triton_ports(),
        stderr=subprocess.PIPE,
        text=True,
    )
    line = ready_line(launcher)
    assert line.startswith("Triton is ready"), line
    [server] = psutil.Process(launcher.pid).children()

    launcher.send_signal(number)
    launcher.communicate(timeout=30)

    wait_for(lambda: processes_of_session(server.pid) == [], 30, "all processes gone")


@pytest.mark.parametrize(
    ("module", "arguments"),
    [("ltx_triton.launcher.local_triton", []), ("ltx_command.__main__", ["demo", "a red ball"])],
)
def test_a_command_that_waits_for_the_models_says_so(
    repository: Path, tmp_path: Path, module: str, arguments: list[str]
) -> None:
    code = IMPATIENT.format(module=module)
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments, "--model-repository", repository],
        env=os.environ | free_triton_ports() | {"OUTPUT_DIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stderr is not None
        line = command.stderr.readline()
        command.terminate()

    assert line.startswith("Triton is still loading the models (")


@pytest.mark.parametrize(
    ("argument", "variable"),
    [("grpc_port", "TRITON_GRPC_ADDRESS"), ("metrics_port", "TRITON_METRICS_URL")],
)
def test_a_taken_port_is_named_before_anything_starts(
    repository: Path, argument: str, variable: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = LocalTriton(repository, **{argument: port})

        with pytest.raises(PortTakenError, match=rf"port {port} \({variable}\) is taken"):
            server.start()


def test_other_machines_reach_what_the_frontend_needs_and_no_more(repository: Path) -> None:
    everywhere = "0.0.0.0"  # noqa: S104
    with LocalTriton(repository, host=everywhere) as triton:
        elsewhere = triton.grpc_address.replace(everywhere, "127.0.0.2")
        client = InferenceServerClient(elsewhere)
        ready = client.is_model_ready("ltx_video")
        with pytest.raises(InferenceServerException, match="restricted"):
            client.get_model_repository_index()
        client.close()

    assert ready


def test_a_name_that_cannot_be_listened_on_is_named(repository: Path) -> None:
    settings = Settings(triton_grpc_address="triton.invalid:8001")

    with pytest.raises(TritonStartError, match=r"TRITON_GRPC_ADDRESS=triton\.invalid:8001: "):
        LocalTriton.from_settings(settings, repository)
