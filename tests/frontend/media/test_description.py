import pytest

from frontend.media.description import Description
from ltx_triton.video_spec import VideoSpec


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("A cat", "A cat"),
        ("  A cat\n\twalks \x1b[1m", "A cat walks [1m"),
        ("word " * 16, ("word " * 16).strip()),
        ("word " * 17, "word " * 15 + "word…"),
        ("words " * 14, "words " * 12 + "words…"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 79 + "…"),
        ("A " + "x" * 100, "A " + "x" * 77 + "…"),
    ],
)
def test_a_title_is_one_line_that_ends_with_a_word(prompt: str, title: str) -> None:
    spec = VideoSpec(prompt=prompt, num_frames=1, width=64, height=64, frame_rate=8.0)

    assert Description.of(spec, None).title == title
