import pytest

from frontend.web import units


@pytest.mark.parametrize(
    ("given", "written"),
    [(0.199, "199 KB"), (2.24, "2.24 MB"), (540.0, "540 MB"), (100_000, "100 GB")],
)
def test_sizes_have_a_readable_unit(given: float, written: str) -> None:
    assert units.megabytes(given) == written


@pytest.mark.parametrize(("given", "written"), [(0.96, "1.0 s"), (42.3, "42 s"), (150, "2 min")])
def test_long_times_are_in_minutes(given: float, written: str) -> None:
    assert units.seconds(given) == written


def test_one_frame_is_none_of_several() -> None:
    assert [units.frames(count) for count in (1, 24)] == ["1 frame", "24 frames"]


def test_a_moment_of_the_api_is_utc() -> None:
    assert units.time("2026-11-05T08:04:00") == "5 November 2026, 08:04 UTC"
