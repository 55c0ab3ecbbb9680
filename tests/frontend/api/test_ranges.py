import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.testclient import TestClient

from frontend.api.ranges import RangedFileResponse

CONTENT = bytes(range(100))
LONG_AGO = "Thu, 01 Jan 1970 00:00:00 GMT"


@pytest.fixture
def files(tmp_path: Path) -> TestClient:
    file = tmp_path / "file"
    file.write_bytes(CONTENT)

    async def serve(_request: Request) -> RangedFileResponse:
        return RangedFileResponse(file, stat_result=file.stat())

    return TestClient(Starlette(routes=[Route("/", serve)]))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=10-19", CONTENT[10:20]),
        ("bytes=90-", CONTENT[90:]),
        ("bytes=-5", CONTENT[-5:]),
        ("bytes=95-1000", CONTENT[95:]),
    ],
)
def test_the_range_that_was_asked_for_is_sent(
    header: str, expected: bytes, files: TestClient
) -> None:
    answer = files.get("/", headers={"Range": header})

    assert answer.status_code == 206
    assert answer.content == expected


@pytest.mark.parametrize(
    "header",
    ["", "bytes=5-2", "bytes=abc", "items=0-5", "bytes=,", "bytes=-", "bytes=-0", "bytes=0-1,5-6",
     f"bytes={'9' * 5000}-"],
)  # fmt: skip
def test_a_range_that_is_not_understood_is_ignored(header: str, files: TestClient) -> None:
    answer = files.get("/", headers={"Range": header})

    assert answer.status_code == 200
    assert answer.content == CONTENT


def test_a_range_beyond_the_end_has_the_documented_body(files: TestClient) -> None:
    answer = files.get("/", headers={"Range": "bytes=100-"})

    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == "bytes */100"
    assert answer.json()["error_type"] == "validation_error"
    assert "100 bytes" in answer.json()["detail"]


def test_a_long_range_is_repeated_only_in_part(files: TestClient) -> None:
    answer = files.get("/", headers={"Range": f"bytes={'9' * 1000}-"})

    assert answer.status_code == 416
    assert len(answer.content) < 300


@given(
    st.from_regex(r"(bytes|items)?=?[0-9]{0,3}-?[0-9]{0,3}", fullmatch=True)
    | st.text("bytes=-,019 ")
)
def test_any_range_gets_the_part_that_the_answer_names(files: TestClient, header: str) -> None:
    answer = files.get("/", headers={"Range": header})

    if answer.status_code == 416:
        assert int(re.findall(r"\d+", header)[0]) >= len(CONTENT)
    elif answer.status_code == 206:
        part = re.fullmatch(r"bytes (\d+)-(\d+)/100", answer.headers["Content-Range"])
        assert part
        assert answer.content == CONTENT[int(part[1]) : int(part[2]) + 1]
    else:
        assert answer.status_code == 200
        assert answer.content == CONTENT


def test_a_client_that_has_the_file_gets_304_without_it(files: TestClient) -> None:
    whole = files.get("/")
    for condition in (
        {"If-None-Match": whole.headers["ETag"]},
        {"If-None-Match": f'"other", W/{whole.headers["ETag"]}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": whole.headers["Last-Modified"]},
        {"If-None-Match": whole.headers["ETag"], "Range": "bytes=0-9"},
    ):
        answer = files.get("/", headers=condition)
        assert (answer.status_code, answer.content) == (304, b""), condition
        assert answer.headers["ETag"] == whole.headers["ETag"]


@pytest.mark.parametrize(
    "condition",
    [
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": "Fri, 31 Dec 2100 00:00:00 GMT"},
        {"If-Modified-Since": LONG_AGO},
        {"If-Modified-Since": "yesterday"},
    ],
)
def test_a_client_that_has_another_file_gets_this_one(
    condition: dict[str, str], files: TestClient
) -> None:
    answer = files.get("/", headers=condition)
    assert (answer.status_code, answer.content) == (200, CONTENT)
