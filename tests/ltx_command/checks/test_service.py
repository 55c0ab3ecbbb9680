import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from frontend.services import open_job_store
from ltx_command.checks import service
from ltx_command.checks.finding import Finding, Installation, Level
from ltx_triton.settings import Settings


def job_store(**settings: Any) -> Finding:
    return service.job_store(Installation(Settings(**settings), Path()))


def test_a_job_store_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    found = job_store(output_dir=tmp_path)
    assert found.text.endswith("is made at the first start")
    assert list(tmp_path.iterdir()) == []


def test_a_job_store_answers(tmp_path: Path) -> None:
    open_job_store(Settings(output_dir=tmp_path)).close()
    found = job_store(output_dir=tmp_path)
    assert found.level is Level.OK
    assert found.text.endswith("jobs.db answers")


def test_a_store_of_a_newer_version_is_a_problem(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "jobs.db")) as store, store:
        store.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        store.execute("INSERT INTO alembic_version VALUES ('9876')")
    found = job_store(output_dir=tmp_path)
    assert found.level is Level.PROBLEM
    assert "revision 9876" in found.text


def test_a_file_that_is_no_job_store_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "jobs.db").write_bytes(b"no database, but as long as a page's header: " * 9)
    assert job_store(output_dir=tmp_path).level is Level.PROBLEM


def test_a_database_that_is_away_is_a_problem_and_its_password_is_not_shown() -> None:
    url = "postgresql+psycopg://me:hunter2@127.0.0.1:9/jobs"
    found = job_store(database_url=url)
    assert found.level is Level.PROBLEM
    assert "hunter2" not in found.text


def test_ffmpeg_and_tritons_server_are_found() -> None:
    here = Installation(Settings(), Path())
    assert service.ffmpeg(here).level is Level.OK
    assert service.triton(here).level is Level.OK


def test_a_program_that_does_not_run_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/false\n")
    broken.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(broken))
    assert service.ffmpeg(Installation(Settings(), Path())).level is Level.PROBLEM
