import pytest

from frontend.web.sizes import FrameSize, OfferedSizes, offered_sizes

AREA = 512 * 512


def offered(squares: range, sides: range, area: int = AREA) -> tuple[dict[str, str], list[str]]:
    sizes = offered_sizes(squares, sides, area, 512)
    presets = {choice.name: str(choice.size) for choice in sizes.presets}
    return presets, [str(size) for size in sizes.others]


@pytest.mark.parametrize(
    ("sides", "wide"),
    [((64, 1024), "672x384"), ((384, 672), "672x384"), ((256, 512), "512x288")],
)
def test_wide_is_the_largest_frame_near_16_to_9_that_the_limits_allow(
    sides: tuple[int, int], wide: str
) -> None:
    presets, _ = offered(range(256, 513, 32), range(sides[0], sides[1] + 1, 32))
    height_first = "x".join(reversed(wide.split("x")))
    assert presets == {"Square": "512x512", "Wide": wide, "Tall": height_first}


def test_every_other_square_is_offered_the_largest_first() -> None:
    _, others = offered(range(384, 513, 32), range(384, 673, 32))
    assert others == ["480x480", "448x448", "416x416", "384x384"]


def test_where_nothing_but_a_small_square_is_allowed_it_alone_is_offered() -> None:
    assert offered(range(64, 65, 32), range(64, 129, 32), 64 * 64) == ({"Square": "64x64"}, [])


def test_a_size_that_is_not_offered_can_be_added_once() -> None:
    sizes = offered_sizes(range(64, 97, 32), range(64, 97, 32), 96 * 96, 96)
    assert sizes.including(FrameSize(64, 64)) is sizes.including(FrameSize(96, 96)) is sizes
    assert sizes.including(FrameSize(128, 64)) == OfferedSizes(
        sizes.presets, [FrameSize(64, 64), FrameSize(128, 64)]
    )
