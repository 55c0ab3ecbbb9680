"""Divide a tensor of features in time, so that each piece gives frames as the whole would."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """Features `begin` to `end`, which give the frames `first` to `last` of the video."""

    begin: int
    end: int
    first: int
    last: int


def divide(features: int, longest: int, convolutions: int) -> Sequence[Piece]:
    """Cover the features with the fewest pieces, all of the same length.

    Feature i becomes frames 2i - 1 and 2i, so the first gives one. The upsampler's convolution and
    those after it each look one step to both sides; at the ends of a video its ends repeat.

    Args:
        features: 4k + 1 of them.
        longest: number of features that a piece may have; more if it would mostly overlap others.
        convolutions: number of them after the upsampler that look to both sides.
    """
    overlap = convolutions + 2
    longest = max(longest, 4 * overlap)
    if features <= longest:
        return [Piece(0, features, 0, 2 * features - 1)]
    count = 2
    while (length := _round_up(-(-(features + (count - 1) * overlap) // count))) > longest:
        count += 1
    begins = [number * (features - length) // (count - 1) for number in range(count)]
    # The first frame of each piece that no end of it has changed.
    starts = [0, *(2 * begin + convolutions + 1 for begin in begins[1:]), 2 * features - 1]
    return [
        Piece(begin, begin + length, start, stop)
        for begin, start, stop in zip(begins, starts, starts[1:], strict=False)
    ]


def _round_up(features: int) -> int:
    """Round up to the features of whole latent frames, 4k + 1."""
    return 1 + 4 * -(-(features - 1) // 4)
