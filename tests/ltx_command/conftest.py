"""A service before a fake Triton, for the commands that call one."""

from collections.abc import Iterator

import pytest

from ltx_command.connection import API_KEY_VARIABLE, URL_VARIABLE
from tests.frontend.api_process import Api, running
from tests.frontend.fake_triton import FakeTriton

KEY = "ein-schlüssel-in-utf8"


@pytest.fixture(scope="module")
def shared_triton() -> Iterator[FakeTriton]:
    with FakeTriton() as fake:
        yield fake


@pytest.fixture
def fake_triton(shared_triton: FakeTriton) -> FakeTriton:
    shared_triton.seen.clear()
    shared_triton.faults.clear()
    shared_triton.prompt_warnings = ()
    return shared_triton


@pytest.fixture(scope="module")
def server(shared_triton: FakeTriton, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("server")
    with running(shared_triton, folder, API_KEY_REQUIRED="true", API_KEY=KEY) as api:
        api.http.headers["X-API-Key"] = KEY
        yield api


@pytest.fixture
def service(server: Api) -> dict[str, str]:
    """The environment in which a command finds the service."""
    return {URL_VARIABLE: str(server.http.base_url), API_KEY_VARIABLE: KEY}
