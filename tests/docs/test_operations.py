"""The commands of docs/operations.md, run as they are written on a stopped service's folder."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from frontend.database.database import Database
from frontend.jobs.storage import VideoFolder
from frontend.jobs.store import JobFilter, JobStore
from frontend.media.derived import Derived
from frontend.services import open_folder, open_job_store
from ltx_triton.settings import Settings
from tests.frontend.conftest import finished_job

DOCUMENT = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.fixture
def output_dir(tmp_path: Path) -> Path:
    return tmp_path / "out puts"


def command(heading: str) -> str:
    section = DOCUMENT.read_text().split(f"\n## {heading}\n")[1]
    found = re.search(r"```bash\n(.*?)```", section, re.DOTALL)
    assert found
    return found[1].replace(".venv/bin/python", sys.executable)


def run(text: str, output_dir: Path) -> str:
    return subprocess.run(
        ["/bin/bash", "-euc", text],
        cwd=output_dir.parent,
        env={"OUTPUT_DIR": str(output_dir), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def make_job(database: Database, folder: VideoFolder, prompt: str) -> str:
    job = finished_job(database, days_ago=1, prompt=prompt)
    video = folder.video(job)
    for path in (video, *Derived.paths(video)):
        path.write_bytes(b"video")
    return job.id


def open_service(output_dir: Path) -> tuple[Database, VideoFolder]:
    settings = Settings(output_dir=output_dir)
    return open_job_store(settings), open_folder(settings)


def test_a_backup_that_is_restored_holds_all_jobs_and_videos(output_dir: Path) -> None:
    database, folder = open_service(output_dir)
    jobs = {make_job(database, folder, "A cat") for _ in range(2)}

    run(command("Back up"), output_dir)  # while the service runs
    database.close()
    output_dir.rename(output_dir.with_name("lost"))
    run(command("Restore"), output_dir)

    database, folder = open_service(output_dir)
    store = JobStore(database)
    assert {job.id for job in store.find(JobFilter(), 10).jobs} == jobs
    strays = folder.strays(store)
    assert (strays.missing, strays.without_job) == ([], [])
    database.close()


def test_what_a_user_has_made_is_deleted_and_nothing_else(output_dir: Path) -> None:
    database, folder = open_service(output_dir)
    deleted = make_job(database, folder, "a part of the prompt, and more")
    kept = make_job(database, folder, "another prompt")
    database.close()

    assert run(command("Delete what a user has made"), output_dir) == f"deleted {deleted}\n"

    database, folder = open_service(output_dir)
    assert [job.id for job in JobStore(database).find(JobFilter(), 10).jobs] == [kept]
    assert all(kept in path.name for path in output_dir.glob("*video_*"))
    assert len(list(output_dir.glob("*video_*"))) == 1 + len(Derived)
    assert b"a part of the prompt" not in (output_dir / "jobs.db").read_bytes()
    database.close()
