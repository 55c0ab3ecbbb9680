"""Serve on this machine until interrupted: `python -m frontend.local.stack`."""

import contextlib
import logging

from frontend.local.api import FrontendStartError, LocalFrontend
from ltx_triton.launcher import local_triton
from ltx_triton.launcher.local_triton import LocalTriton, prepare_command

START_ERRORS = (*local_triton.START_ERRORS, FrontendStartError)

log = logging.getLogger(__name__)


def main() -> None:
    repository, settings = prepare_command("Serve the HTTP API with a local Triton behind it.")
    try:
        triton = LocalTriton.from_settings(settings, repository)
        frontend = LocalFrontend(triton, host=settings.api_host, port=settings.api_port)
        frontend.require_free_port()
        with contextlib.suppress(KeyboardInterrupt), triton.starting(), frontend:
            log.info("Ready: %s (Ctrl-C stops)", frontend.url)
            raise FrontendStartError(f"the frontend ended (exit {frontend.wait()})")
    except START_ERRORS as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
