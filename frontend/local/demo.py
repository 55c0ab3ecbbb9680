"""Start the local stack, generate one video over HTTP, stop."""

import argparse
import time

from frontend.client import ClientError, DownloadedVideo, make_video
from frontend.local.api import LocalFrontend
from frontend.local.stack import START_ERRORS
from ltx_triton.launcher.local_triton import LocalTriton, log_to_terminal
from ltx_triton.launcher.signals import raise_on_termination
from ltx_triton.repository.prepare import prepared_repository
from ltx_triton.settings import Settings, load_settings


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m frontend.local.demo", description=__doc__)
    parser.add_argument("prompt")
    prompt = parser.parse_args().prompt
    log_to_terminal()
    settings = load_settings()
    raise_on_termination()
    try:
        video = demonstrate(prompt, settings)
    except (ClientError, *START_ERRORS) as error:
        raise SystemExit(f"Error: {error}") from error
    except KeyboardInterrupt:
        raise SystemExit("Cancelled") from None
    seconds = video.status["stage_seconds"].items()
    print("Seconds by stage:", ", ".join(f"{stage} {spent:.2f}" for stage, spent in seconds))
    print(
        f"Made with {video.status['model_used'] or 'an unknown model'}, seed {video.status['seed']}"
    )
    print(f"Video: {video.path}")


def demonstrate(prompt: str, settings: Settings) -> DownloadedVideo:
    """Generate a video; the log of the frontend is OUTPUT_DIR/demo.log."""
    settings.output_dir.mkdir(parents=True, exist_ok=True)
    repository = prepared_repository()
    print("Starting Triton and the frontend ...", flush=True)
    started = time.perf_counter()
    with (
        LocalTriton(repository).starting() as triton,
        LocalFrontend(
            triton,
            environment={"API_KEY_REQUIRED": "false"},  # on loopback, for one request
            log_file=settings.output_dir / "demo.log",
        ) as frontend,
    ):
        print(f"Ready after {time.perf_counter() - started:.1f} s", flush=True)
        return make_video({"prompt": prompt}, frontend.url, settings.output_dir / "demo.mp4")


if __name__ == "__main__":
    main()
