"""Run each client against a service and read what it says came back."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.clients.table import Call

_PROGRAMS = Path(__file__).with_name("programs")
_TOKENIZER = Path(__file__).parents[2] / "demo" / "checkpoint" / "tokenizer"
_PROMPT = "a large blue star moving left on a white background"
_TIMEOUT = 240  # seconds


def sdk_calls(client: str, program: str, python: Path, url: str) -> list[Call]:
    """Run a program that prints a JSON pair for each call."""
    output = _run([python, _PROGRAMS / program, url])
    lines = [line for line in output.splitlines() if line.startswith('["')]
    return [Call(client, *json.loads(line)) for line in lines]


def aiperf_call(python: Path, url: str) -> Call:
    """Measure three videos with AIPerf, two at a time."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "prompts.jsonl").write_text(json.dumps({"text": _PROMPT}))
        options = [
            *("--endpoint-type", "video_generation", "--model", "ltx-demo"),
            *("--request-count", "3", "--concurrency", "2", "--download-video-content"),
            *("--extra-inputs", "seconds:1", "--extra-inputs", "size:672x384"),
            *("--extra-inputs", "num_inference_steps:8", "--extra-inputs", "guidance_scale:1"),
        ]
        _run(
            [
                *(python.with_name("aiperf"), "profile", *options),
                *("--url", url, "--tokenizer", _TOKENIZER, "--ui", "none"),
                *("--input-file", folder / "prompts.jsonl"),
                *("--custom-dataset-type", "single_turn", "--artifact-dir", folder / "results"),
            ]
        )
        found = json.loads((folder / "results" / "profile_export_aiperf.json").read_text())
    videos, failed = found["request_count"]["avg"], found.get("error_request_count")
    answer = f"{videos:.0f} videos, {failed['avg'] if failed else 0:.0f} errors"
    timed = found["video_inference_time"]["avg"] > 0
    return Call("AIPerf", "aiperf profile " + " ".join(options), f"{answer}, timed: {timed}")


def all_calls(python: Path, url: str) -> list[Call]:
    """Run all clients against a service whose jobs nobody else makes."""
    return [
        *sdk_calls("openai", "openai_sdk.py", python, url),
        *sdk_calls("LiteLLM", "litellm_sdk.py", python, url),
        aiperf_call(python, url),
    ]


def _run(command: Sequence[object]) -> str:
    done = subprocess.run(
        [str(each) for each in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
