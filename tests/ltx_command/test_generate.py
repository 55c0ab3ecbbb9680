"""`ltx-video generate` against the API on a real port."""

import signal
from pathlib import Path

import pytest

from ltx_triton.launcher.local_triton import free_port
from tests.frontend.api_process import Api
from tests.frontend.conftest import wait_until
from tests.frontend.fake_triton import FakeTriton, Fault
from tests.ltx_command.command import run, start

SMALL = ("--duration", "1", "--resolution", "64")
MAGIC = {"mp4": b"ftyp", "webp": b"WEBP", "gif": b"GIF89a"}


def test_the_video_is_downloaded_and_what_was_made_is_printed(
    service: dict[str, str], tmp_path: Path
) -> None:
    made = run("generate", "A cat", *SMALL, "--seed", "5", "--output", "cat.mp4", folder=tmp_path,
               **service)  # fmt: skip
    assert made.returncode == 0, made.stderr
    stages, model, file = made.stdout.splitlines()
    assert stages.startswith("Seconds by stage: queue 0.")
    assert "denoise" in stages
    assert model.endswith(", seed 5")
    assert file == "Video: cat.mp4"


@pytest.mark.parametrize("suffix", MAGIC)
def test_the_suffix_chooses_the_format(
    suffix: str, service: dict[str, str], tmp_path: Path
) -> None:
    run("generate", "A cat", *SMALL, "--output", f"cat.{suffix}", folder=tmp_path, **service)
    assert MAGIC[suffix] in (tmp_path / f"cat.{suffix}").read_bytes()[:16]


def test_without_a_terminal_the_progress_is_the_job_and_a_line_for_each_stage(
    service: dict[str, str], fake_triton: FakeTriton, tmp_path: Path
) -> None:
    fake_triton.prompt_warnings = ("the model does not know: cat",)
    made = run("generate", "A cat", *SMALL, folder=tmp_path, **service)
    job, warning, *stages = made.stderr.splitlines()
    assert job.startswith("Job ")
    assert warning == "Warning: the model does not know: cat"
    assert 2 <= len(stages) <= 7
    assert stages[-1] == "completed"


def test_without_an_output_the_servers_name_is_used(
    service: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "video.mp4").mkdir()
    made = run("generate", "A cat", *SMALL, folder=tmp_path, **service)
    name = made.stdout.splitlines()[-1].removeprefix("Video: ")
    assert (tmp_path / name).is_file()
    assert name.startswith("video_")


def test_every_option_reaches_the_request(
    service: dict[str, str], fake_triton: FakeTriton, tmp_path: Path
) -> None:
    run("generate", "A cat", "--num-frames", "9", "--fps", "12", "--size", "96x64", "--seed", "7",
        "--num-inference-steps", "8", "--guidance-scale", "1.0", "--negative-prompt", "a dog",
        folder=tmp_path, **service)  # fmt: skip
    [seen] = fake_triton.seen
    spec = seen.request
    assert (spec.num_frames, spec.frame_rate, spec.width, spec.height) == (9, 12, 96, 64)
    assert (spec.seed, spec.num_inference_steps) == (7, 8)
    assert (spec.guidance_scale, spec.negative_prompt) == (1, "a dog")


def test_ctrl_c_cancels_the_job_on_the_server_even_from_the_background(
    service: dict[str, str], fake_triton: FakeTriton, tmp_path: Path
) -> None:
    # Scripts start a command in the background with SIGINT ignored.
    background = ("sh", "-c", 'trap "" INT; exec "$@"', "sh")
    fake_triton.faults = [Fault.HANG]
    process = start("generate", "A cat", *SMALL, folder=tmp_path, shell=background, **service)
    wait_until(lambda: bool(fake_triton.seen))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "Cancelled"
    wait_until(lambda: fake_triton.seen[0].cancelled)


@pytest.mark.parametrize(
    ("arguments", "environment", "error"),
    [
        (("--duration", "11"), {}, "Duration cannot exceed 10 seconds"),
        (("--fps", "61"), {}, "fps must be from 1 to 60, not 61"),
        (("--resolution", "65"), {}, "Resolution must be a multiple of 32 from 64 to 512, not 65"),
        ((), {"LTX_VIDEO_API_KEY": "wrong"}, "An API key is required"),
        (("--url", "localhost:8000"), {}, "localhost:8000 is no URL"),
    ],
)
def test_a_refusal_is_told_in_one_line(
    arguments: tuple[str, ...],
    environment: dict[str, str],
    error: str,
    service: dict[str, str],
    tmp_path: Path,
) -> None:
    made = run("generate", "A cat", *arguments, folder=tmp_path, **service | environment)
    assert made.returncode == 1
    assert made.stderr.startswith(f"Error: {error}")
    assert len(made.stderr.splitlines()) == 1


def test_a_wrong_key_is_told_with_the_variable_to_set(server: Api, tmp_path: Path) -> None:
    made = run("generate", "A cat", "--url", str(server.http.base_url), folder=tmp_path)
    assert made.stderr.endswith("; set LTX_VIDEO_API_KEY\n")


def test_a_failed_job_is_told_in_one_line(
    service: dict[str, str], fake_triton: FakeTriton, tmp_path: Path
) -> None:
    fake_triton.faults = [Fault.ERROR_MESSAGE]
    made = run("generate", "A cat", *SMALL, folder=tmp_path, **service)
    assert made.returncode == 1
    assert made.stderr.splitlines()[-1] == "Error: something broke"


def test_a_server_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    made = run("generate", "A cat", folder=tmp_path, LTX_VIDEO_URL=url)
    assert made.returncode == 1
    assert made.stderr.startswith(f"Error: {url} cannot be reached: ")
    assert made.stderr.endswith("; does `ltx-video serve` run there?\n")
    assert len(made.stderr.splitlines()) == 1


@pytest.mark.parametrize("output", ["folder", "nowhere/cat.mp4"])
def test_an_output_that_cannot_be_written_is_told_before_a_video_is_made(
    output: str, service: dict[str, str], fake_triton: FakeTriton, tmp_path: Path
) -> None:
    made = run("generate", "A cat", *SMALL, "--output", output, folder=tmp_path, **service)
    assert made.returncode == 2
    assert "Invalid value for '--output'" in made.stderr
    assert fake_triton.seen == []


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("prompt", [b"caf\xe9"]),
        ("URL", [b"A cat", b"--url", b"http://caf\xe9"]),
        ("API key", [b"A cat", b"--api-key", b"caf\xe9"]),
    ],
)
def test_an_argument_in_another_encoding_is_told_in_one_line(
    name: str, arguments: list[bytes], tmp_path: Path
) -> None:
    made = run("generate", *arguments, folder=tmp_path)
    assert made.stderr == f"Error: the {name} is not UTF-8\n"
