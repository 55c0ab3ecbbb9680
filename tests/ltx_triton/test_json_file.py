import json
from pathlib import Path
from typing import Literal

import pytest
from pydantic import ValidationError

from ltx_triton.json_file import JsonFile, JsonFileError


class Point(JsonFile):
    FILE = "point.json"
    REMEDY = "run `make point`"

    version: Literal[3] = 3
    place: tuple[float, ...]


POINT = Point(place=(0.1, 1e-9))


def test_is_read_as_it_was_written(tmp_path: Path) -> None:
    POINT.save(tmp_path)

    assert Point.load(tmp_path) == POINT


def test_the_version_is_the_first_thing_in_the_file(tmp_path: Path) -> None:
    POINT.save(tmp_path)

    assert next(iter(json.loads((tmp_path / "point.json").read_text()).items())) == ("version", 3)


def test_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        POINT.place = ()


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"point\.json is missing: run `make point`$"):
        Point.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "format_"),
    [
        ('{"version": 2, "place": [1]}', "2"),
        ('{"version": 4, "place": [1], "name": "x"}', "4"),
        ('{"place": [1]}', "without a version"),
    ],
)
def test_another_version_is_refused_with_the_command_that_makes_it_anew(
    text: str, format_: str, tmp_path: Path
) -> None:
    (tmp_path / "point.json").write_text(text)

    with pytest.raises(JsonFileError) as refused:
        Point.load(tmp_path)

    assert str(refused.value) == (
        f"{tmp_path}/point.json was written by another version of this project "
        f"(format {format_}, expected 3): run `make point`"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "EOF"),
        ("[]", "Input should be an object"),
        ('{"version": 3}', "place: Field required"),
        ('{"version": 3, "place": ["far"]}', r"place\.0: Input should be a valid number"),
        ('{"version": 3, "place": [1], "name": "x"}', "name: Extra inputs are not permitted"),
    ],
)
def test_a_damaged_file_says_what_is_wrong(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "point.json").write_text(text)

    with pytest.raises(JsonFileError, match=rf"point\.json is damaged \(.*{reason}.*run `make poi"):
        Point.load(tmp_path)
