"""What else the service needs: Triton's server, ffmpeg, the job store; and the hub for exports."""

import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import httpx
import imageio_ffmpeg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from frontend.database.database import Database
from frontend.database.migrations import HEAD
from ltx_command.checks.finding import Finding, Installation, ok, problem, warning
from ltx_triton.launcher.wheel import MissingDependencyError, TritonWheel

_HUB_TIMEOUT = 5.0  # seconds


def triton(_: Installation) -> Finding:
    try:
        TritonWheel.find()
    except MissingDependencyError as error:
        return problem(str(error), "install what is missing: `serve` and `demo` need it")
    return ok(f"nvidia-pytriton {version('nvidia-pytriton')}")


def ffmpeg(_: Installation) -> Finding:
    try:
        program = imageio_ffmpeg.get_ffmpeg_exe()
        run = subprocess.run(
            [program, "-version"], capture_output=True, text=True, check=True, timeout=30
        )
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        return problem(f"ffmpeg does not run: {error}", "reinstall imageio-ffmpeg")
    return ok(f"{run.stdout.split()[2]} at {program}")


def job_store(installation: Installation) -> Finding:
    url = make_url(installation.settings.job_store_url)
    name = url.render_as_string(hide_password=True)
    is_file = url.get_backend_name() == "sqlite"
    if is_file and not Path(url.database or "").exists():
        return ok(f"{name} is made at the first start")
    try:
        database = Database(installation.settings.job_store_url)
    except ImportError as error:
        return problem(f"{name}: {error}", "pip install 'ltx-triton[postgres]'")
    try:
        revision = database.revision()
    except SQLAlchemyError as error:
        reason = str(error).splitlines()[0]
        return problem(f"{name} does not answer: {reason}", "start it, or change DATABASE_URL")
    finally:
        database.close()
    if revision is not None and revision > HEAD:
        return problem(
            f"{name} has schema revision {revision}, and this version knows none after {HEAD}",
            "start the newer version that upgraded it, or another job store",
        )
    upgraded = "" if revision == HEAD else "; it is brought up to date at the next start"
    return ok(f"{name} answers{upgraded}")


def hub(_: Installation) -> Finding:
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    try:
        httpx.head(endpoint, timeout=_HUB_TIMEOUT)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        return warning(
            f"{endpoint} cannot be reached: {error}",
            "needed only to export a checkpoint from the hub: set HTTPS_PROXY or HF_ENDPOINT",
        )
    return ok(f"{endpoint} can be reached")
