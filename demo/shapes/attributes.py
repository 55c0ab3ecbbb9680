"""Attributes of clips, with their colours and sizes."""

from enum import StrEnum


class Shape(StrEnum):
    CIRCLE = "circle"
    SQUARE = "square"
    TRIANGLE = "triangle"
    STAR = "star"


class Colour(StrEnum):
    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    CYAN = "cyan"
    BLUE = "blue"
    PURPLE = "purple"
    PINK = "pink"
    WHITE = "white"
    BLACK = "black"


class Background(StrEnum):
    WHITE = "white"
    BLACK = "black"
    GRAY = "gray"
    BEIGE = "beige"
    NAVY = "navy"
    MINT = "mint"


class Size(StrEnum):
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class Motion(StrEnum):
    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"
    BOUNCING = "bouncing"
    SPINNING = "spinning"
    GROWING = "growing"
    SHRINKING = "shrinking"


RGB = tuple[int, int, int]

COLOURS: dict[Colour, RGB] = {
    Colour.RED: (220, 40, 40),
    Colour.ORANGE: (245, 140, 30),
    Colour.YELLOW: (250, 220, 50),
    Colour.GREEN: (40, 160, 70),
    Colour.CYAN: (60, 210, 225),
    Colour.BLUE: (30, 110, 245),
    Colour.PURPLE: (130, 50, 180),
    Colour.PINK: (250, 130, 190),
    Colour.WHITE: (250, 250, 250),
    Colour.BLACK: (15, 15, 15),
}
BACKGROUNDS: dict[Background, RGB] = {
    Background.WHITE: (250, 250, 250),
    Background.BLACK: (15, 15, 15),
    Background.GRAY: (128, 128, 128),
    Background.BEIGE: (225, 200, 150),
    Background.NAVY: (35, 50, 120),
    Background.MINT: (180, 235, 205),
}
# Radius of the circle around the shape, in shorter sides of the frame.
RADII: dict[Size, float] = {Size.SMALL: 0.12, Size.MEDIUM: 0.18, Size.LARGE: 0.25}
