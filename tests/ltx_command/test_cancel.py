from pathlib import Path

from tests.frontend.api_process import Api
from tests.frontend.conftest import wait_until
from tests.frontend.fake_triton import FakeTriton, Fault
from tests.ltx_command.command import run


def test_a_running_job_is_cancelled(
    server: Api, service: dict[str, str], fake_triton: FakeTriton, tmp_path: Path
) -> None:
    fake_triton.faults = [Fault.HANG]
    job_id = server.post()
    wait_until(lambda: bool(fake_triton.seen))

    cancelled = run("cancel", job_id, folder=tmp_path, **service)

    assert cancelled.stdout == f"{job_id} is cancelled\n"
    assert server.status(job_id) == "cancelled"


def test_a_finished_job_is_left_alone(
    server: Api, service: dict[str, str], fake_triton: FakeTriton, tmp_path: Path
) -> None:
    job_id = server.post()
    wait_until(lambda: server.status(job_id) == "completed")

    refused = run("cancel", job_id, folder=tmp_path, **service)

    assert refused.returncode == 1
    assert refused.stderr == "Error: The job is completed; there is nothing to cancel\n"
    assert server.status(job_id) == "completed"


def test_an_unknown_job_is_told_in_one_line(service: dict[str, str], tmp_path: Path) -> None:
    refused = run("cancel", "../health", folder=tmp_path, **service)
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
