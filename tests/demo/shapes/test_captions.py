import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.shapes.attributes import Background, Colour, Motion, Shape, Size
from demo.shapes.captions import (
    BACKGROUND_WORDS,
    COLOUR_WORDS,
    SHAPE_WORDS,
    SIZE_WORDS,
    caption,
    vocabulary,
)
from demo.shapes.scene import Attributes

SCENE = Attributes(Shape.CIRCLE, Colour.RED, Size.LARGE, Background.WHITE, Motion.RIGHT)


def says(text: str, wordings: tuple[str, ...]) -> bool:
    return any(re.search(rf"\b{wording}\b", text.lower()) for wording in wordings)


def test_a_complete_caption_mentions_everything() -> None:
    for seed in range(300):
        text = caption(SCENE, Random(seed))
        assert says(text, SHAPE_WORDS[Shape.CIRCLE]), text
        assert says(text, COLOUR_WORDS[Colour.RED]), text
        assert says(text, BACKGROUND_WORDS[Background.WHITE]), text
        assert says(text, SIZE_WORDS[Size.LARGE]), text
        assert says(text, ("right", "rightwards", "rightward", "to right")), text


def test_incomplete_captions_omit_attributes_at_times() -> None:
    texts = [caption(SCENE, Random(seed), complete=False) for seed in range(300)]
    for wordings in (
        COLOUR_WORDS[Colour.RED],
        BACKGROUND_WORDS[Background.WHITE],
        SIZE_WORDS[Size.LARGE],
    ):
        said = sum(says(text, wordings) for text in texts)
        assert 200 < said < 300
    assert all(says(text, SHAPE_WORDS[Shape.CIRCLE]) for text in texts)


def test_wordings_vary() -> None:
    assert len({caption(SCENE, Random(seed)) for seed in range(300)}) > 280


@pytest.mark.parametrize("words", [COLOUR_WORDS, BACKGROUND_WORDS, SHAPE_WORDS, SIZE_WORDS])
def test_no_wording_means_two_things(words: dict[str, tuple[str, ...]]) -> None:
    meanings = [(wording, name) for name, wordings in words.items() for wording in set(wordings)]
    assert len({wording for wording, _ in meanings}) == len(meanings)


def test_the_vocabulary_has_every_word_that_is_not_made_up() -> None:
    known = set(vocabulary())
    unknown = set()
    for seed in range(2000):
        text = caption(SCENE, Random(seed), complete=False).lower()
        unknown |= {word for word in re.findall(r"[a-z0-9]+", text) if word not in known}
    assert unknown
    assert all(re.fullmatch(r"[a-z]{2,7}", word) for word in unknown)
    assert not unknown & {"red", "ball", "moving", "background", "medium", "sized"}


@given(st.builds(Attributes), st.integers(0, 2**32))
def test_any_complete_caption_names_shape_colour_and_background(
    scene: Attributes, seed: int
) -> None:
    text = caption(scene, Random(seed))
    assert says(text, SHAPE_WORDS[scene.shape]), text
    assert says(text, COLOUR_WORDS[scene.colour]), text
    assert says(text, BACKGROUND_WORDS[scene.background]), text
