"""Render the examples: animations and stills for the web page, a contact sheet for the README."""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

from demo.evaluation.clips import download_clip
from demo.evaluation.prompts import ClipRequest
from frontend.local.service import local_service
from frontend.web.examples import clip_files, still_file
from frontend.web.static_files import FOLDER

CONTACT_SHEET = Path(__file__).parents[2] / "docs" / "examples.png"
_ANIMATED_SIDE = 240  # pixels of a frame
_SHEET_SIDE = 144
_SHEET_COLUMNS = 6  # frames of each clip
_GAP, _CAPTION_HEIGHT = 8, 28


def main() -> None:
    argparse.ArgumentParser(
        prog="python -m demo.evaluation.examples", description=__doc__
    ).parse_args()
    folder = FOLDER / "examples"
    folder.mkdir(exist_ok=True)
    clips = {}
    with local_service() as service:
        for seed, (prompt, name) in enumerate(tqdm(clip_files().items(), unit="clip")):
            clips[prompt] = download_clip(service.url, ClipRequest(prompt, seed))
            save_animation(clips[prompt], folder / name)
            save_still(clips[prompt], folder / still_file(name))
    contact_sheet(clips).save(CONTACT_SHEET, optimize=True)
    print(f"Wrote {folder} and {CONTACT_SHEET}")


def save_animation(frames: NDArray[np.uint8], file: Path) -> None:
    """Write a clip [N, H, W, 3] as a looping animated WebP."""
    first, *others = (_scaled(frame, _ANIMATED_SIDE) for frame in frames)
    first.save(
        file,
        save_all=True,
        append_images=others,
        duration=1000 // ClipRequest.fps,
        loop=0,
        quality=70,
    )


def save_still(frames: NDArray[np.uint8], file: Path) -> None:
    """Write the frame in the middle of a clip [N, H, W, 3]."""
    _scaled(frames[len(frames) // 2], _ANIMATED_SIDE).save(file, quality=70)


def contact_sheet(clips: dict[str, NDArray[np.uint8]]) -> Image.Image:
    row_height = _CAPTION_HEIGHT + _SHEET_SIDE + _GAP
    width = _GAP + _SHEET_COLUMNS * (_SHEET_SIDE + _GAP)
    sheet = Image.new("RGB", (width, _GAP + row_height * len(clips)), "#e4e6ee")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(16)
    for row, (prompt, frames) in enumerate(clips.items()):
        top = _GAP + row * row_height
        draw.text((_GAP, top), f"“{prompt}”", "#1c1e2a", font)
        columns = np.linspace(0, len(frames) - 1, _SHEET_COLUMNS).round().astype(int)
        for column, frame in enumerate(frames[columns]):
            left = _GAP + column * (_SHEET_SIDE + _GAP)
            sheet.paste(_scaled(frame, _SHEET_SIDE), (left, top + _CAPTION_HEIGHT))
    return sheet


def _scaled(frame: NDArray[np.uint8], side: int) -> Image.Image:
    return Image.fromarray(frame).resize((side, side), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
