"""Render the examples: animations and stills for the web page, four clips for the README."""

import argparse
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

from demo.evaluation.clips import download_clip
from demo.evaluation.prompts import ClipRequest
from frontend.local.service import local_service
from frontend.web.examples import clip_files, still_file
from frontend.web.static_files import FOLDER

PICTURE = Path(__file__).parents[2] / "docs" / "examples.webp"
FPS = 24
SHOWN = (1, 2, 4, 5)  # clips of the page in the picture
_PAGE_SIDE = 240  # pixels of a frame
_PICTURE_SIDE = 204
_GAP, _CAPTION_LINE = 8, 17  # pixels
_CAPTION_WIDTH = 29  # characters
_BACKGROUND, _TEXT = "#f6f7fb", "#1c1e2a"

Clip = NDArray[np.uint8]  # [N, H, W, 3]


def main() -> None:
    argparse.ArgumentParser(
        prog="python -m demo.evaluation.examples", description=__doc__
    ).parse_args()
    folder = FOLDER / "examples"
    folder.mkdir(exist_ok=True)
    clips = {}
    with local_service() as service:
        for seed, (prompt, name) in enumerate(tqdm(clip_files().items(), unit="clip")):
            clips[prompt] = download_clip(service.url, ClipRequest(prompt, seed, fps=FPS))
            frames = [_scaled(frame, _PAGE_SIDE) for frame in clips[prompt]]
            save_animation(frames, folder / name)
            frames[len(frames) // 2].save(folder / still_file(name), quality=70)
    prompts = list(clips)
    shown = {prompts[number - 1]: clips[prompts[number - 1]] for number in SHOWN}
    save_animation(picture(shown), PICTURE)
    print(f"Wrote {folder} and {PICTURE}")


def save_animation(frames: Iterable[Image.Image], file: Path) -> None:
    """Write frames at `FPS` as a looping animated WebP."""
    first, *others = frames
    times = [1000 * number // FPS for number in range(len(others) + 2)]  # ms
    first.save(
        file,
        save_all=True,
        append_images=others,
        duration=[end - start for start, end in pairwise(times)],
        loop=0,
        quality=70,
        method=6,
    )


def picture(clips: dict[str, Clip]) -> list[Image.Image]:
    """Return the frames of one picture: clips of one length side by side, each above its prompt."""
    card = _captions(list(clips))
    frames = []
    for moment in zip(*clips.values(), strict=True):
        frame = card.copy()
        for column, image in enumerate(moment):
            frame.paste(_scaled(image, _PICTURE_SIDE), (_left(column), _GAP))
        frames.append(frame)
    return frames


def _captions(prompts: Sequence[str]) -> Image.Image:
    captions = [wrap(prompt, _CAPTION_WIDTH) for prompt in prompts]
    top = _GAP + _PICTURE_SIDE + _GAP
    bottom = top + max(map(len, captions)) * _CAPTION_LINE + _GAP
    card = Image.new("RGB", (_left(len(prompts)), bottom), _BACKGROUND)
    draw = ImageDraw.Draw(card)
    font = ImageFont.load_default(13)
    for column, lines in enumerate(captions):
        for line, text in enumerate(lines):
            draw.text((_left(column), top + line * _CAPTION_LINE), text, _TEXT, font)
    return card


def _left(column: int) -> int:
    return _GAP + column * (_PICTURE_SIDE + _GAP)


def _scaled(frame: Clip, side: int) -> Image.Image:
    return Image.fromarray(frame).resize((side, side), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
