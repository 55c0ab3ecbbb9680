from pathlib import Path

from ltx_command.connection import API_KEY_VARIABLE, URL_VARIABLE
from ltx_triton.launcher.local_triton import free_port
from tests.frontend.api_process import Api
from tests.frontend.conftest import wait_until
from tests.frontend.fake_triton import FakeTriton, Fault
from tests.ltx_command.command import run


def test_finished_and_running_jobs_are_deleted_with_their_videos(
    server: Api, service: dict[str, str], fake_triton: FakeTriton, tmp_path: Path
) -> None:
    finished = server.post()
    wait_until(lambda: server.status(finished) == "completed")
    fake_triton.faults = [Fault.HANG]
    running = server.post()
    wait_until(lambda: len(fake_triton.seen) == 2)

    deleted = run("delete", finished, running, folder=tmp_path, **service)

    assert deleted.returncode == 0, deleted.stderr
    assert deleted.stdout == f"deleted {finished}\ndeleted {running}\n"
    for job_id in (finished, running):
        assert server.http.get(f"/jobs/{job_id}").status_code == 404
        assert not list(server.output_dir.glob(f"*{job_id}*"))


def test_an_unknown_job_keeps_none_of_the_others_from_being_deleted(
    server: Api, service: dict[str, str], fake_triton: FakeTriton, tmp_path: Path
) -> None:
    job_id = server.post()
    wait_until(lambda: server.status(job_id) == "completed")

    deleted = run("delete", "0badcafe", job_id, folder=tmp_path, **service)

    assert deleted.returncode == 1
    assert deleted.stderr == "Error: 0badcafe: Job not found\n"
    assert deleted.stdout == f"deleted {job_id}\n"


def test_a_service_that_refuses_or_is_away_is_told_once(
    service: dict[str, str], tmp_path: Path
) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    for wrong in ({API_KEY_VARIABLE: "wrong"}, {URL_VARIABLE: away}):
        refused = run("delete", "0badcafe", "0badcaff", folder=tmp_path, **service | wrong)
        assert refused.returncode == 1
        assert len(refused.stderr.splitlines()) == 1
