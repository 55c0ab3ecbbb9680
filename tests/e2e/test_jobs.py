import time
from concurrent.futures import ThreadPoolExecutor

import requests

from ltx_triton.launcher.local_triton import LocalTriton
from tests.e2e.conftest import StartFrontend
from tests.e2e.jobs import finish, follow, post, status, wait_until
from tests.model_repository.client import executions


def test_a_job_reports_real_progress_from_queue_to_video(frontend: str) -> None:
    job = post(frontend, prompt="progress", resolution=512, duration=10, fps=16)

    answers = list(follow(frontend, job["job_id"]))

    running = [answer for answer in answers if answer["status"] == "running"]
    steps = [answer["step"] for answer in running if answer.get("stage") == "denoise"]
    percents = [answer["percent"] for answer in running]
    assert len(set(steps)) >= 3, "several steps were seen as they happened"
    assert steps == sorted(steps)
    assert percents == sorted(percents)
    assert {answer["total_steps"] for answer in running if answer["total_steps"]} == {8}
    last = answers[-1]
    assert last["status"] == "completed"
    assert last["prompt"] == "progress"
    assert set(last["stage_seconds"]) == {"queue", "text", "denoise", "decode", "mp4"}
    assert last["generation_time_seconds"] > 0


def test_the_links_of_an_accepted_job_work(frontend: str) -> None:
    job = post(frontend)
    assert finish(frontend, job["job_id"])["status"] == "completed"

    assert requests.get(frontend + job["status_url"], timeout=10).json()["status"] == "completed"
    assert requests.get(frontend + job["preview_url"], timeout=10).status_code == 200
    video = requests.get(frontend + job["download_url"], timeout=10)
    assert video.headers["Content-Type"] == "video/mp4"
    name = status(frontend, job["job_id"])["filename"]
    assert name.startswith("video_")
    assert name.endswith(f"_{job['job_id']}.mp4")
    assert f'filename="{name}"' in video.headers["Content-Disposition"]


def test_a_part_of_a_video_can_be_asked_for(frontend: str) -> None:
    job = post(frontend)
    finish(frontend, job["job_id"])
    whole = requests.get(frontend + job["download_url"], timeout=10)

    part = requests.get(
        frontend + job["download_url"], headers={"Range": "bytes=10-19"}, timeout=10
    )

    assert part.status_code == 206
    assert part.content == whole.content[10:20]


def test_the_size_of_a_video_can_be_asked_for(frontend: str) -> None:
    job = post(frontend)
    finish(frontend, job["job_id"])

    answer = requests.head(frontend + job["download_url"], timeout=10)

    video = requests.get(frontend + job["download_url"], timeout=10)
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) == len(video.content)


def test_a_job_without_a_video_yet_cannot_be_downloaded(frontend: str) -> None:
    job = post(frontend, resolution=512, duration=3)

    response = requests.get(frontend + job["download_url"], timeout=10)

    assert response.status_code == 404
    assert response.json()["job_id"] == job["job_id"]
    finish(frontend, job["job_id"])


def test_cancelling_stops_the_engine_at_its_next_step(frontend: str, triton: LocalTriton) -> None:
    before = sum(executions(triton, "transformer").values())
    job = post(frontend, resolution=512, duration=10, fps=25)  # about a second a step
    wait_until(frontend, job["job_id"], lambda answer: bool(answer.get("step")))

    response = requests.delete(f"{frontend}/jobs/{job['job_id']}", timeout=10)

    assert response.status_code == 200
    assert finish(frontend, job["job_id"])["status"] == "cancelled"
    time.sleep(5)
    assert sum(executions(triton, "transformer").values()) - before < 8
    again = requests.delete(f"{frontend}/jobs/{job['job_id']}", timeout=10)
    assert again.status_code == 200
    following = post(frontend)
    assert finish(frontend, following["job_id"])["status"] == "completed"


def test_a_finished_job_is_removed_with_its_video(frontend: str) -> None:
    job = post(frontend)
    finish(frontend, job["job_id"])

    response = requests.delete(f"{frontend}/jobs/{job['job_id']}", timeout=10)

    assert response.status_code == 200
    assert response.json()["deleted"] is True
    assert requests.get(frontend + job["download_url"], timeout=10).status_code == 404


def test_requests_at_once_are_all_answered_with_their_own_video(frontend: str) -> None:
    def generate(seed: int) -> dict[str, object]:
        parameters = {"prompt": f"number {seed}", "duration": 1, "resolution": 64, "seed": seed}
        response = requests.post(f"{frontend}/generate", json=parameters, timeout=120)
        assert response.status_code == 200, response.text
        body: dict[str, object] = response.json()
        return body

    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(generate, range(8)))

    assert [body["seed"] for body in bodies] == list(range(8))
    assert [body["prompt"] for body in bodies] == [f"number {seed}" for seed in range(8)]
    assert len({body["job_id"] for body in bodies}) == 8


def test_any_worker_answers_for_any_job(start_frontend: StartFrontend) -> None:
    url = start_frontend(API_WORKERS="2").url
    jobs = [post(url, seed=seed) for seed in range(4)]

    for job in jobs:
        assert finish(url, job["job_id"])["status"] == "completed"
        for _ in range(6):  # new connections, which the workers share out
            assert status(url, job["job_id"])["status"] == "completed"


def test_jobs_and_videos_survive_a_restart(start_frontend: StartFrontend) -> None:
    first = start_frontend(MAX_CONCURRENT_JOBS="1")
    done = post(first.url, seed=1)
    finish(first.url, done["job_id"])
    running = post(first.url, resolution=512, duration=3)
    waiting = post(first.url, seed=2)
    first.stop()

    second = start_frontend().url

    assert requests.get(second + done["download_url"], timeout=10).status_code == 200
    assert finish(second, running["job_id"])["status"] == "completed"
    assert finish(second, waiting["job_id"])["status"] == "completed"
