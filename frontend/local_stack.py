"""The whole service on this machine: `python -m frontend.local_stack` serves until interrupted."""

import contextlib
import logging

from frontend.local_frontend import FrontendStartError, LocalFrontend
from ltx_triton.interrupt import raise_on_termination
from ltx_triton.local_triton import LocalTriton, TritonStartError, parse_repository
from ltx_triton.settings import load_settings
from ltx_triton.triton_wheel import MissingPieceError

START_ERRORS = (FileNotFoundError, FrontendStartError, MissingPieceError, TritonStartError)

log = logging.getLogger(__name__)


def main() -> None:
    """Serve on the addresses that the settings name, until SIGINT or SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    repository = parse_repository("Serve the HTTP API with a local Triton behind it.")
    settings = load_settings()
    raise_on_termination()
    try:
        with (
            contextlib.suppress(KeyboardInterrupt),
            LocalTriton.at(settings, repository) as triton,
            LocalFrontend(triton, host=settings.api_host, port=settings.api_port) as frontend,
        ):
            log.info("Ready: %s (Ctrl-C stops)", frontend.url)
            raise FrontendStartError(f"the frontend ended (exit {frontend.wait()})")
    except START_ERRORS as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
