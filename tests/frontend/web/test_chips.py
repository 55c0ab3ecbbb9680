import re
from random import Random

import pytest

from demo.shapes.attributes import Background, Colour, Motion, Shape, Size
from demo.shapes.captions import caption, vocabulary
from demo.shapes.scene import Attributes
from frontend.web.chips import chips_for
from frontend.web.examples import DEMO_MODEL

GROUPS = {group.name: group.chips for group in chips_for(DEMO_MODEL)}


def matches(name: str, text: str) -> set[str]:
    """The chips of a group whose words the text has."""
    return {
        chip.word for chip in GROUPS[name] if re.search(rf"\b{chip.pattern}\b", text, re.IGNORECASE)
    }


def test_only_the_demo_checkpoint_has_chips() -> None:
    assert list(GROUPS) == ["size", "colour", "shape", "motion", "background"]
    assert chips_for("someone/else") == chips_for(None) == []


def test_every_phrase_is_made_of_words_that_the_checkpoint_knows() -> None:
    known = set(vocabulary())
    for chips in GROUPS.values():
        for chip in chips:
            assert set(chip.phrase.split()) <= known
            assert chip.word in matches(next(n for n in GROUPS if chip in GROUPS[n]), chip.phrase)


@pytest.mark.parametrize("motion", Motion)
@pytest.mark.parametrize("background", Background)
def test_the_captions_of_the_training_are_recognised(
    motion: Motion, background: Background
) -> None:
    scene = Attributes(Shape.STAR, Colour.CYAN, Size.LARGE, background, motion)
    for seed in range(50):
        text = caption(scene, Random(seed))
        assert motion in matches("motion", text), text
        assert "star" in matches("shape", text), text
        assert "cyan" in matches("colour", text), text
