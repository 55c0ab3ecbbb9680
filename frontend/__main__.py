"""`python -m frontend`: serve the HTTP API."""

import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from frontend.logs import logging_config
from frontend.services import open_job_store
from ltx_triton.settings import load_settings

_GRACE = 5  # seconds that open requests get at the end


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    settings = load_settings()
    try:
        open_job_store(settings).close()
    except (OSError, SQLAlchemyError) as error:
        raise SystemExit(f"The job store cannot be opened: {error}") from error
    uvicorn.run(
        "frontend.app:create_app",
        factory=True,
        host=settings.api_host,
        port=settings.api_port,
        workers=settings.api_workers,
        log_config=logging_config(settings.log_level, settings.log_format),
        timeout_graceful_shutdown=_GRACE,
    )


if __name__ == "__main__":
    main()
