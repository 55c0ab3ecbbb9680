"""`python -m frontend`: serve the HTTP API."""

import logging
import logging.config
import os
import signal
import sys
from contextlib import suppress
from typing import Any

import uvicorn
from sqlalchemy.exc import SQLAlchemyError
from uvicorn.supervisors import Multiprocess

from frontend.connections import KEEP_ALIVE, LimitedProtocol, backlog
from frontend.database.revision import SchemaError
from frontend.jobs.storage import VideoFolder
from frontend.jobs.store import JobStore
from frontend.logs import logging_config
from frontend.metrics.counters import shared_between
from frontend.services import open_folder, open_job_store
from ltx_triton.settings import Settings, load_settings

_LISTED = 10  # names in a line of the log
_SHUTDOWN_TIMEOUT = 5  # seconds for open requests to finish
_HEADERS = [("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin")]

_log = logging.getLogger(__name__)


def main() -> None:
    settings = load_settings()
    log_config = logging_config(settings.log_level, settings.log_format)
    logging.config.dictConfig(log_config)  # uvicorn does so too, but later
    try:
        database = open_job_store(settings)
    except OSError as error:
        raise SystemExit(f"OUTPUT_DIR={settings.output_dir} cannot be used: {error}") from error
    except SchemaError as error:
        raise SystemExit(str(error)) from error
    except ImportError as error:
        raise SystemExit(
            f"The job store (DATABASE_URL) needs a driver: {error}; "
            "pip install 'ltx-triton[postgres]'"
        ) from error
    except SQLAlchemyError as error:
        raise SystemExit(f"The job store (DATABASE_URL) cannot be opened: {error}") from error
    _name_strays(open_folder(settings), JobStore(database))
    database.close()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises it again at its end
    with shared_between(settings.api_workers), suppress(KeyboardInterrupt):
        _serve(settings, log_config)


def _serve(settings: Settings, log_config: dict[str, Any]) -> None:
    config = uvicorn.Config(
        "frontend.app:create_app",
        factory=True,
        host=settings.api_host,
        port=settings.api_port,
        root_path=settings.root_path,
        workers=settings.api_workers,
        log_config=log_config,
        # Otherwise clients could choose the address that the rate limit counts. Behind a proxy, set
        # uvicorn's own FORWARDED_ALLOW_IPS to the proxy's address.
        proxy_headers="FORWARDED_ALLOW_IPS" in os.environ,
        timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT,
        timeout_keep_alive=KEEP_ALIVE,
        http=LimitedProtocol,
        backlog=backlog(),
        headers=_HEADERS,
        server_header=False,
    )
    # Left to itself, a single server would serve IPv6 alone where API_HOST is ::.
    listening = config.bind_socket()
    if settings.api_workers > 1:
        Multiprocess(config, sockets=[listening]).run()
        return
    server = uvicorn.Server(config)
    server.run([listening])
    if not server.started:
        sys.exit(1)


def _name_strays(folder: VideoFolder, store: JobStore) -> None:
    strays = folder.strays(store)
    for names, what in (
        (strays.without_job, "videos in OUTPUT_DIR have no job, and nothing will remove them"),
        (strays.missing, "completed jobs have lost their videos"),
    ):
        if names:
            listed = ", ".join(names[:_LISTED])
            more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
            _log.warning("%d %s: %s%s", len(names), what, listed, more)


if __name__ == "__main__":
    main()
