"""Every page of the service, in every state, on a running frontend."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

from frontend.local.service import local_service
from tests.frontend.api_process import Api, running
from tests.frontend.conftest import wait_until
from tests.frontend.fake_triton import INFO, FakeTriton, Fault

# Prompts of the videos that are there.
PROMPTS = (
    "a large blue star moving left on a white background",
    "red ball going to the right, white backdrop",
    "a small yellow triangle spins on a navy background",
    "a medium orange star rising slowly over a beige screen",
    "a big purple square falling on a gray background",
)


@dataclass(frozen=True)
class PageCase:
    name: str
    url: str
    status: HTTPStatus = HTTPStatus.OK
    is_whole: bool = True  # and not a part of another page


@contextmanager
def site(folder: Path, make_videos: Callable[[Path], object]) -> Iterator[list[PageCase]]:
    """Serve; `make_videos` makes those of PROMPTS in a folder of the service."""
    make_videos(folder)
    info = INFO.model_copy(update={"model_name": "ltx-demo"})
    with (
        FakeTriton(info=info, steps=8) as fake,
        running(fake, folder, MAX_CONCURRENT_JOBS="1") as api,
    ):
        jobs = _jobs(api, fake)
        yield _pages(api, jobs)
        assert _status(api, jobs["running"])["status"] == "running"
        assert _status(api, jobs["queued"])["status"] == "queued"


def make_plain_videos(folder: Path) -> None:
    """Make videos without a model."""
    with FakeTriton() as fake, running(fake, folder) as api:
        _make_videos(str(api.http.base_url))


def make_demo_videos(folder: Path) -> None:
    """Make videos with the demo checkpoint."""
    with local_service(OUTPUT_DIR=str(folder / "outputs")) as service:
        _make_videos(service.url)


def _make_videos(url: str) -> None:
    with httpx.Client(base_url=url, timeout=300, trust_env=False) as http:
        for prompt in PROMPTS:
            video = {"prompt": prompt, "duration": 3, "fps": 8, "seed": 7}
            http.post("/generate", json=video).raise_for_status()


def _jobs(api: Api, fake: FakeTriton) -> dict[str, str]:
    """IDs of jobs by what became of them."""
    listed = api.http.get("/jobs").json()["jobs"]
    completed = {job["prompt"]: job["job_id"] for job in listed}
    lost = completed[PROMPTS[-1]]
    [video] = api.output_dir.glob(f"*{lost}*.mp4")
    video.unlink()

    # Nothing that measures a step before it hangs, or it would be found to hang after a minute.
    fake.faults = [Fault.ERROR_AT_ONCE, Fault.HANG, Fault.HANG]
    fake.message = "FAILED: the engines found no solution"
    failed = _post(api, prompt="a tiny cyan circle bouncing on a black background")
    _wait(api, failed, "failed")
    active = _post(api, prompt="a huge green triangle shrinking on a pink background")
    _wait(api, active, "running")
    wait_until(lambda: bool(_status(api, active).get("step")))
    queued = _post(api, prompt="a small white square moving up on a navy background")
    cancelled = _post(api, prompt="a big black star moving down on a white background")
    api.http.delete(f"/jobs/{cancelled}")
    return {
        "completed": completed[PROMPTS[0]],
        "running": active,
        "queued": queued,
        "failed": failed,
        "cancelled": cancelled,
        "without its file": lost,
    }


def _pages(api: Api, jobs: dict[str, str]) -> list[PageCase]:
    url = str(api.http.base_url)
    generate = api.http.get("/openapi.json").json()["paths"]["/generate"]["post"]
    operation = f"{generate['tags'][0]}/{generate['operationId']}".replace(" ", "%20")
    made = jobs["completed"]
    return [
        PageCase("home", url),
        PageCase("home, a video", f"{url}/?from={made}&job={made}"),
        PageCase("gallery", f"{url}/gallery"),
        PageCase("gallery, nothing found", f"{url}/gallery?text=unicorn"),
        *(PageCase(f"video, {state}", f"{url}/preview/{job}") for state, job in jobs.items()),
        PageCase("status", f"{url}/status"),
        PageCase("API", f"{url}/docs"),
        PageCase("API, an operation", f"{url}/docs#/{operation}", is_whole=False),
        PageCase("no such video", f"{url}/preview/unknown", HTTPStatus.NOT_FOUND),
        PageCase("no such page", f"{url}/unknown", HTTPStatus.NOT_FOUND),
        PageCase("not a page", f"{url}/generate", HTTPStatus.METHOD_NOT_ALLOWED),
    ]


def _post(api: Api, **values: Any) -> str:
    body = {"duration": 1, "resolution": 256, "seed": 7, "wait": False, **values}
    answer = api.http.post("/generate", json=body)
    answer.raise_for_status()
    job_id: str = answer.json()["job_id"]
    return job_id


def _status(api: Api, job_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = api.http.get(f"/status/{job_id}").json()
    return answer


def _wait(api: Api, job_id: str, state: str) -> None:
    wait_until(lambda: _status(api, job_id)["status"] == state)
