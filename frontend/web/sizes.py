"""The sizes that the form offers."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

_WIDE = 16 / 9
_TOLERANCE = 0.05  # of a side, from the exact shape: sides are multiples of 32 pixels


@dataclass(frozen=True)
class FrameSize:
    width: int  # pixels
    height: int  # pixels

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def area(self) -> int:
        return self.width * self.height


@dataclass(frozen=True)
class SizeChoice:
    name: str
    size: FrameSize


@dataclass(frozen=True)
class OfferedSizes:
    presets: list[SizeChoice]
    others: list[FrameSize]

    def __contains__(self, size: FrameSize) -> bool:
        return size in self.others or any(size == choice.size for choice in self.presets)

    def including(self, size: FrameSize) -> "OfferedSizes":
        """Offer this size as well, such as that of a video made through the API."""
        if size in self:
            return self
        return OfferedSizes(self.presets, [*self.others, size])


def offered_sizes(squares: range, sides: range, max_area: int, default: int) -> OfferedSizes:
    """Choose a square, the largest wide and tall frame, and all other squares.

    Args:
        squares: sides that a square may have.
        sides: sides that any other frame may have.
        max_area: pixels.
        default: side of the square that is proposed, if it is one of them.
    """
    side = max((each for each in squares if each <= default), default=squares[0])
    presets = [SizeChoice("Square", FrameSize(side, side))]
    if wide := max(_wide(sides, max_area), key=lambda each: each.area, default=None):
        presets.append(SizeChoice("Wide", wide))
        presets.append(SizeChoice("Tall", FrameSize(wide.height, wide.width)))
    others = [FrameSize(each, each) for each in reversed(squares) if each != side]
    return OfferedSizes(presets, others)


def _wide(sides: range, max_area: int) -> Iterator[FrameSize]:
    for width, height in product(sides, sides):
        size = FrameSize(width, height)
        if size.area <= max_area and abs(width / height / _WIDE - 1) <= _TOLERANCE:
            yield size
