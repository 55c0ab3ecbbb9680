"""What the shipped checkpoint draws, through the real service."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from demo.evaluation.classifier import classify
from demo.evaluation.clips import download_clip
from demo.evaluation.prompts import ClipRequest, held_out_prompts
from demo.evaluation.score import ScoredClip, scores
from demo.shapes.attributes import Background, Colour, Motion, Shape, Size

Clip = Callable[[ClipRequest], NDArray[np.uint8]]

BLUE_STAR = "a large blue star moving left on a white background"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clip(demo: str) -> Clip:
    return partial(download_clip, demo)


@pytest.mark.parametrize(
    ("duration", "fps", "width", "height"),
    [
        (3, 8, 512, 512),
        (3, 8, 256, 256),
        (10, 8, 256, 256),
        (2, 24, 256, 256),
        (3, 12, 384, 384),
        (3, 8, 672, 384),
        (3, 8, 384, 672),
    ],
)
def test_a_clip_shows_what_was_asked_for(
    clip: Clip, duration: int, fps: int, width: int, height: int
) -> None:
    frames = clip(ClipRequest(BLUE_STAR, 1, duration, fps, width, height))

    assert frames.shape == (duration * fps, height, width, 3)
    prediction = classify(frames, fps)
    assert prediction.colour is Colour.BLUE
    assert prediction.background is Background.WHITE
    assert prediction.shape is Shape.STAR
    assert prediction.size is Size.LARGE
    assert prediction.motion is Motion.LEFT


def test_seeds_differ(clip: Clip) -> None:
    first, second = (
        clip(ClipRequest(BLUE_STAR, seed=seed, width=256, height=256)).astype(int)
        for seed in (1, 2)
    )
    changed = np.abs(first - second).max(axis=-1) > 64
    assert changed.mean() > 0.005


def test_words_that_no_caption_has_do_no_harm(clip: Clip) -> None:
    prompt = "Gorgeous! A red square going right (über-slowly) over a black background, 日本"
    prediction = classify(clip(ClipRequest(prompt, seed=1)), 8)
    assert (prediction.shape, prediction.colour) == (Shape.SQUARE, Colour.RED)
    assert prediction.background is Background.BLACK


def test_most_clips_of_held_out_prompts_show_what_was_asked_for(clip: Clip) -> None:
    """A few of those of `make quality`, to notice a change that breaks what a clip shows."""
    clips = [
        ScoredClip(prompt, classify(clip(prompt.request), prompt.request.fps))
        for prompt in held_out_prompts(10)
    ]
    assert scores(clips)["all four"] >= 0.7
