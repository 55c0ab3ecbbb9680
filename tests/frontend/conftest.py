"""The application before a fake Triton, with real SQLite, real ffmpeg and real HTTP."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from starlette.testclient import TestClient

from frontend.app import create_app
from frontend.database.database import Database
from frontend.jobs.model import Job
from frontend.jobs.queue import JobQueue
from frontend.jobs.store import JobStore
from frontend.services import Intervals, open_job_store
from ltx_triton.settings import Settings
from ltx_triton.video_spec import VideoSpec
from tests.frontend.fake_triton import FakeTriton
from tests.postgres import Postgres, find_postgres

# A request that costs little. Nobody waits for it.
SMALL: dict[str, Any] = {
    "prompt": "A cat walking in a garden",
    "duration": 1,
    "resolution": 64,
    "wait": False,
}

OLD_STORES = Path(__file__).parent / "database" / "stores"
OLD_JOBS = {
    "c0000001",  # completed
    "fa000001",  # failed: out of memory
    "fa000002",  # failed: interrupted three times
    "ca000001",  # cancelled while it ran
    "e0000001",  # cancelled while it was queued
    "0c000001",  # running, with an expired lease
    "d0000001",  # queued
    "d0000002",
}


class MakeSettings(Protocol):
    def __call__(self, **values: Any) -> Settings: ...


class StartApi(Protocol):
    def __call__(self, **values: Any) -> TestClient: ...


@pytest.fixture
def fake_triton() -> Iterator[FakeTriton]:
    with FakeTriton() as fake:
        yield fake


@pytest.fixture
def output_dir(tmp_path: Path) -> Path:
    return tmp_path / "outputs"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    programs = find_postgres()
    if programs is None:
        pytest.skip("no PostgreSQL found: apt install postgresql")
    with Postgres(programs) as server:
        yield server


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str | None:
    """SQLite in OUTPUT_DIR, as is the default, unless `on_both_databases` asks for PostgreSQL."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return None
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.create_database()


on_both_databases = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)


@pytest.fixture(params=["sqlite", "postgres"])
def old_store(request: pytest.FixtureRequest, output_dir: Path) -> str:
    """URL of a store that commit cd7af9a wrote; the SQLite file lies where OUTPUT_DIR has it."""
    if request.param == "postgres":
        postgres: Postgres = request.getfixturevalue("postgres")
        return postgres.load(OLD_STORES / "cd7af9a.sql")
    output_dir.mkdir()
    shutil.copy(OLD_STORES / "cd7af9a.db", output_dir / "jobs.db")
    return f"sqlite:///{output_dir / 'jobs.db'}"


@pytest.fixture
def make_settings(
    fake_triton: FakeTriton, output_dir: Path, database_url: str | None
) -> MakeSettings:
    def make(**values: Any) -> Settings:
        return Settings(
            **{
                "output_dir": output_dir,
                "database_url": database_url,
                "triton_grpc_address": fake_triton.address,
                "triton_metrics_url": fake_triton.metrics_url,
                **values,
            }
        )

    return make


@pytest.fixture
def intervals() -> Intervals:
    return Intervals()


@pytest.fixture
def start_api(make_settings: MakeSettings, intervals: Intervals) -> Iterator[StartApi]:
    """Starts a worker; called twice, it starts two that share the job store."""
    with ExitStack() as stack:

        def start(**values: Any) -> TestClient:
            client = ("client", 50000)
            own = values.pop("intervals", intervals)
            app = create_app(make_settings(**values), own)
            return stack.enter_context(
                TestClient(
                    app,
                    base_url="http://localhost",
                    raise_server_exceptions=False,
                    client=client,
                    root_path=values.get("root_path", ""),
                )
            )

        yield start


@pytest.fixture
def api(start_api: StartApi) -> TestClient:
    return start_api()


@pytest.fixture
def database(make_settings: MakeSettings) -> Iterator[Database]:
    database = open_job_store(make_settings())
    yield database
    database.close()


def new_job(**values: Any) -> Job:
    """Create a job as a request does; `values` are fields of the job or of its spec."""
    spec = {"prompt": "A cat", "seed": 7, "num_frames": 8, "frame_rate": 8.0}
    spec |= {"width": 64, "height": 64}
    spec |= {name: values.pop(name) for name in VideoSpec.model_fields if name in values}
    return Job(spec=VideoSpec.model_validate(spec), **values)


def finished_job(database: Database, days_ago: float, **values: Any) -> Job:
    """A stored job that was completed so many days ago."""
    store, queue = JobStore(database), JobQueue(database, "worker", 100)
    store.add(new_job(**values), 100)
    job = queue.claim()
    assert job
    queue.complete(job, frames_generated=8)
    with database.transaction() as session:
        stored = session.get(Job, job.id)
        assert stored
        stored.completed_at = time.time() - days_ago * 86_400
    return job


def post(api: TestClient, **values: Any) -> str:
    """Post a small request; the ID of its job."""
    response = api.post("/generate", json={**SMALL, **values})
    assert response.status_code == 202, response.text
    job_id: str = response.json()["job_id"]
    return job_id


def wait_for(api: TestClient, job_id: str, *states: str, seconds: float = 60) -> dict[str, Any]:
    """Ask for the job's status until it is in one of the states."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        status: dict[str, Any] = api.get(f"/status/{job_id}").json()
        if status["status"] in states:
            return status
        time.sleep(0.03)
    raise AssertionError(f"not {states} after {seconds} s: {status}")


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something has come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)
