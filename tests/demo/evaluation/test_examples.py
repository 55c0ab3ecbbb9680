from pathlib import Path

import numpy as np
from PIL import Image

from demo.evaluation.examples import FPS, PICTURE, SHOWN, picture, save_animation


def duration(animation: Path) -> tuple[int, int]:
    """Return the number of frames and of milliseconds."""
    with Image.open(animation) as image:
        count = getattr(image, "n_frames", 1)
        total = 0
        for number in range(count):
            image.seek(number)
            image.load()
            total += image.info["duration"]
        return count, total


def test_clips_run_side_by_side_at_their_rate(tmp_path: Path) -> None:
    grays = (40 + 150 * (np.arange(48) % 2)).astype(np.uint8)
    clip = np.broadcast_to(grays[:, None, None, None], (48, 64, 64, 3))
    inverse = np.invert(clip)

    frames = picture({"a red ball": clip, "a prompt that takes two lines": inverse})
    save_animation(frames, tmp_path / "picture.webp")

    assert duration(tmp_path / "picture.webp") == (48, 2000)
    left, right = (frames[10].getpixel((x, 100)) for x in (100, 320))
    assert (left, right) == ((40, 40, 40), (215, 215, 215))


def test_the_picture_of_the_readme_is_small_and_moves() -> None:
    frames, milliseconds = duration(PICTURE)

    assert frames / milliseconds * 1000 == FPS
    assert milliseconds >= 2000
    assert PICTURE.stat().st_size < 1_000_000
    with Image.open(PICTURE) as image:
        assert image.width > len(SHOWN) * 200
