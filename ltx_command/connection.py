"""The options of commands that call a service."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from frontend.client import DEFAULT_URL, ApiClient

URL_VARIABLE = "LTX_VIDEO_URL"
API_KEY_VARIABLE = "LTX_VIDEO_API_KEY"

Command = Callable[..., None]


def with_api(command: Command) -> Command:
    """Add options for URL and key, and give the command the API as `api`."""

    @click.option(
        "--url",
        envvar=URL_VARIABLE,
        show_envvar=True,
        default=DEFAULT_URL,
        show_default=True,
        help="Base URL of the service.",
    )
    @click.option(
        "--api-key",
        envvar=API_KEY_VARIABLE,
        show_envvar=True,
        metavar="KEY",
        help="Key of the service, if it requires one. Prefer the environment variable: `ps` shows "
        "the option to everybody on this machine.",
    )
    @wraps(command)
    def connected(url: str, api_key: str | None, **values: Any) -> None:
        with ApiClient(url, api_key) as api:
            command(api=api, **values)

    return connected
