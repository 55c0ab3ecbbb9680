import re
from itertools import product
from random import Random

import pytest

from demo.shapes.attributes import Background, Colour, Motion, Shape, Size
from demo.shapes.captions import caption, vocabulary
from demo.shapes.scene import Attributes
from frontend.web.chips import chips_for
from frontend.web.examples import DEMO_MODEL

GROUPS = {group.name: group.chips for group in chips_for(DEMO_MODEL)}


def locate(name: str, text: str) -> tuple[str, re.Match[str]]:
    """The chip of a group whose words come first in a text, the longest if several begin there."""
    found = {
        chip.word: match
        for chip in GROUPS[name]
        if (match := re.search(rf"\b{chip.pattern}\b", text, re.IGNORECASE))
    }
    assert found, text
    return min(found.items(), key=lambda item: (item[1].start(), -item[1].end()))


def chosen(name: str, text: str) -> str:
    """The chip of a group that the page shows as chosen, as phrases.js finds it."""
    if name == "colour":
        ground = locate("background", text)[1]
        text = text[: ground.start()] + " " * len(ground[0]) + text[ground.end() :]
    return locate(name, text)[0]


def test_only_the_demo_checkpoint_has_chips() -> None:
    assert list(GROUPS) == ["size", "colour", "shape", "motion", "background"]
    assert chips_for("someone/else") == chips_for(None) == []


def test_every_phrase_is_made_of_words_that_the_checkpoint_knows() -> None:
    known = set(vocabulary())
    for name, chips in GROUPS.items():
        for chip in chips:
            assert set(chip.phrase.split()) <= known
            assert chip.word == locate(name, chip.phrase)[0]


@pytest.mark.parametrize("motion", Motion)
@pytest.mark.parametrize("background", Background)
def test_the_captions_of_the_training_are_recognised(
    motion: Motion, background: Background
) -> None:
    random = Random(f"{motion} on {background}")
    for colour, _ in product(Colour, range(20)):
        scene = Attributes(Shape.STAR, colour, Size.LARGE, background, motion)
        text = caption(scene, random)
        assert chosen("background", text) == background, text
        assert chosen("colour", text) == colour, text
        assert chosen("motion", text) == motion, text
        assert chosen("shape", text) == "star", text
        assert chosen("size", text) == "large", text
