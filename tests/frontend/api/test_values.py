"""What the tests of the endpoints cannot bring about in reasonable time."""

import asyncio
from typing import NoReturn

import pytest
from fastapi import Request
from pydantic import BaseModel

from frontend.api.errors import ApiError
from frontend.api.values import read_values


def test_a_body_that_does_not_arrive_is_given_up() -> None:
    async def never() -> NoReturn:
        await asyncio.Event().wait()
        raise AssertionError

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}

    with pytest.raises(ApiError, match=r"did not arrive within 0\.05 seconds") as raised:
        asyncio.run(read_values(Request(scope, never), BaseModel, body_timeout=0.05))
    assert raised.value.status == 408
