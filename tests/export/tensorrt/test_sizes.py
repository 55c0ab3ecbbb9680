import pytest

from export.errors import ExportError
from export.tensorrt.sizes import SIZE_NAMES, size_limits
from ltx_triton.pipeline.config import SizeLimit
from ltx_triton.settings import Settings
from tests.ltx_triton.pipeline.test_config import CONFIG


def test_each_name_is_a_size_in_the_order_given() -> None:
    limits = size_limits(("long", "default", "preview", "maximum"), CONFIG, Settings())

    assert list(limits) == ["long", "default", "preview", "maximum"]
    assert limits == {
        "preview": SizeLimit(256, 256, 25),
        "default": SizeLimit(512, 512, 25),
        "long": SizeLimit(512, 512, 81),
        "maximum": SizeLimit(512, 512, 257),
    }


@pytest.mark.parametrize(
    ("settings", "limit"),
    [
        (Settings(max_resolution=1000, max_frames=100), SizeLimit(992, 992, 105)),
        (
            Settings(max_video_duration=2, default_video_duration=1, max_frames=300),
            SizeLimit(512, 512, 121),
        ),
    ],
)
def test_the_maximum_is_what_the_settings_allow(settings: Settings, limit: SizeLimit) -> None:
    assert size_limits(("maximum",), CONFIG, settings) == {"maximum": limit}


@pytest.mark.parametrize("names", [("default", "huge"), ("",), ()])
def test_other_names_are_refused_with_the_allowed_ones(names: tuple[str, ...]) -> None:
    with pytest.raises(ExportError, match="preview, default, long, maximum"):
        size_limits(names, CONFIG, Settings())


def test_every_documented_name_works() -> None:
    assert tuple(size_limits(SIZE_NAMES, CONFIG, Settings())) == SIZE_NAMES
