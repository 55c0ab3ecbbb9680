"""The words that the demo checkpoint knows, as chips that build a prompt."""

from collections.abc import Iterable
from dataclasses import dataclass

from demo.shapes.attributes import (
    BACKGROUNDS,
    COLOURS,
    RGB,
    Background,
    Colour,
    Motion,
    Shape,
    Size,
)
from demo.shapes.captions import (
    BACKGROUND_WORDS,
    COLOUR_WORDS,
    DEEDS,
    DIRECTIONS,
    NOUNS,
    PRESENT,
    SHAPE_WORDS,
    SIZE_WORDS,
    VERBS,
)
from frontend.web.examples import DEMO_MODEL


@dataclass(frozen=True)
class Chip:
    word: str
    phrase: str  # what it puts into a prompt
    pattern: str  # regular expression of all that says the same
    swatch: RGB | None = None


@dataclass(frozen=True)
class ChipGroup:
    """A prompt holds one of its chips."""

    name: str
    chips: list[Chip]


def chips_for(model_name: str | None) -> list[ChipGroup]:
    """Return the words of the demo checkpoint; none for other models."""
    if model_name != DEMO_MODEL:
        return []
    return [
        ChipGroup("size", [Chip(each, each, _any(SIZE_WORDS[each])) for each in Size]),
        ChipGroup(
            "colour",
            [Chip(each, each, _any(COLOUR_WORDS[each]), COLOURS[each]) for each in Colour],
        ),
        ChipGroup("shape", [Chip(each, each, _any(SHAPE_WORDS[each])) for each in Shape]),
        ChipGroup("motion", [_motion(each) for each in Motion]),
        ChipGroup("background", [_background(each) for each in Background]),
    ]


def _motion(motion: Motion) -> Chip:
    patterns = [_any(form for deed in DEEDS.get(motion, ()) for form in deed)]
    if motion not in DIRECTIONS:
        return Chip(motion, motion, patterns[0])
    # An adverb may stand between the two.
    moving = rf"{_any((*VERBS, *PRESENT))}(?: \w+)? {_any(DIRECTIONS[motion])}"
    return Chip(motion, f"{VERBS[0]} {motion}", _either(moving, *filter(None, patterns)))


def _background(background: Background) -> Chip:
    words = _any(BACKGROUND_WORDS[background])
    before = "(?:on|over|against|in front of|with)"
    ground = rf"(?:{before} )?(?:(?:an?|the) )?{words} {_any(NOUNS)}"
    bare = rf"{before} {words}"
    phrase = f"on a {background} {NOUNS[0]}"
    return Chip(background, phrase, _either(ground, bare), BACKGROUNDS[background])


def _any(words: Iterable[str]) -> str:
    """A pattern of any of the words, the longest first: one may begin another."""
    return _either(*sorted(dict.fromkeys(words), key=len, reverse=True))


def _either(*patterns: str) -> str:
    return f"(?:{'|'.join(patterns)})" if patterns else ""
