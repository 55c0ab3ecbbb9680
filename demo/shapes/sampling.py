"""Sample scenes; hold combinations of attributes out of training."""

import hashlib
from random import Random

from demo.shapes.attributes import BACKGROUNDS, COLOURS, Background, Colour, Motion, Shape, Size
from demo.shapes.scene import Attributes, Scene

_HELD_OUT_SHARE = 0.15


def is_visible(attributes: Attributes) -> bool:
    return COLOURS[attributes.colour] != BACKGROUNDS[attributes.background]


def is_held_out(attributes: Attributes) -> bool:
    """Tell whether this combination is held out of training, by its hash; size is ignored."""
    parts = (attributes.shape, attributes.colour, attributes.background, attributes.motion)
    digest = hashlib.sha256(" ".join(parts).encode()).digest()
    return digest[0] < 256 * _HELD_OUT_SHARE


def sample_attributes(random: Random, *, held_out: bool) -> Attributes:
    """Sample visible attributes, either held out or for training."""
    while True:
        attributes = Attributes(
            shape=random.choice(list(Shape)),
            colour=random.choice(list(Colour)),
            size=random.choice(list(Size)),
            background=random.choice(list(Background)),
            motion=random.choice(list(Motion)),
        )
        if is_visible(attributes) and is_held_out(attributes) == held_out:
            return attributes


def sample_scene(random: Random, attributes: Attributes) -> Scene:
    """Sample position and phase."""
    return Scene(
        attributes,
        offset=(random.uniform(-1, 1), random.uniform(-1, 1)),
        phase=random.uniform(-1, 1),
    )
