"""`ltx-video` as a new user meets it: a video is made, found again, repeated and deleted."""

import json
from pathlib import Path

import requests

from ltx_command.connection import URL_VARIABLE
from tests.ltx_command.command import run

PROMPT = "a large blue star moving left on a white background"


def test_a_video_is_made_found_again_repeated_and_deleted(demo: str, tmp_path: Path) -> None:
    service = {URL_VARIABLE: demo}
    made = run("generate", PROMPT, "--size", "192x128", "--duration", "1", "--output", "star.gif",
               folder=tmp_path, **service)  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "star.gif").read_bytes().startswith(b"GIF89a")

    found = run("list", "--text", "large blue star", "--json", folder=tmp_path, **service)
    [job] = json.loads(found.stdout)["jobs"]
    assert f"Job {job['job_id']}" in made.stderr
    assert f"seed {job['seed']}" in made.stdout

    receipt = requests.get(f"{demo}/jobs/{job['job_id']}/receipt", timeout=10).text
    (tmp_path / "receipt.json").write_text(receipt)
    again = run("reproduce", "receipt.json", folder=tmp_path, **service)
    assert again.returncode == 0, again.stdout + again.stderr

    deleted = run("delete", job["job_id"], folder=tmp_path, **service)
    assert deleted.stdout == f"deleted {job['job_id']}\n"
    assert requests.get(f"{demo}/jobs/{job['job_id']}", timeout=10).status_code == 404
