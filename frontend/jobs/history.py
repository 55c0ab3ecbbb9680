"""Learn from the videos that were made, alone or beside others, what they cost alone."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from frontend.jobs.cost import Cost, CostModel, Measured

_RECENT = 5  # videos of a size: a machine is not equally quick all the time
_ALONE = 1.1  # times as long as alone, and still taken for it
_HALVINGS = 20

Interval = tuple[float, float]  # seconds since the epoch


@dataclass(frozen=True)
class Learnt:
    costs: CostModel
    sharing: float  # n jobs at once each take 1 + sharing * (n - 1) times as long as alone


def learn(videos: Sequence[Measured], running: Iterable[float], now: float) -> Learnt | None:
    """Learn from videos, the latest first, and from when the jobs began that are running now.

    None: nothing was made.
    """
    if not videos:
        return None
    made = [(video.began, video.ended) for video in videos]
    busy = _Timeline([*made, *((began, now) for began in running)])
    in_turns = busy.slowdowns(made, 1.0)
    alone = _by_tokens(
        (video, 1.0) for video, slowdown in zip(videos, in_turns, strict=True) if slowdown < _ALONE
    )
    crowded = [
        (interval, _total(alone[video.size.tokens], video))
        for video, interval, slowdown in zip(videos, made, in_turns, strict=True)
        if slowdown >= _ALONE and video.size.tokens in alone
    ]
    sharing = _sharing(busy, crowded)
    slowdowns = busy.slowdowns(made, sharing)
    return Learnt(CostModel(_by_tokens(zip(videos, slowdowns, strict=True)) | alone), sharing)


class _Timeline:
    """How many jobs ran when."""

    def __init__(self, intervals: Sequence[Interval]) -> None:
        changes = sorted(
            change for began, ended in intervals for change in ((began, 1), (ended, -1))
        )
        self._moments = np.array([moment for moment, _ in changes])
        self._jobs = np.maximum(1, np.cumsum([change for _, change in changes])[:-1])

    def slowdowns(self, intervals: Sequence[Interval], sharing: float) -> list[float]:
        """Return how many times as long each took as it would have alone."""
        began, ended = np.array(intervals).T
        progress = np.diff(self._moments) / (1 + sharing * (self._jobs - 1))
        done = np.concatenate([[0.0], np.cumsum(progress)])
        alone = np.interp(ended, self._moments, done) - np.interp(began, self._moments, done)
        took = ended - began
        return [float(each) for each in np.where(alone > 0, took / np.maximum(alone, 1e-9), 1.0)]


def _sharing(busy: _Timeline, crowded: Sequence[tuple[Interval, float]]) -> float:
    """Return the sharing with which jobs beside others did the work that they cost alone."""
    if not crowded:
        return 1.0
    intervals = [interval for interval, _ in crowded]
    work = sum(seconds for _, seconds in crowded)
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        slowdowns = busy.slowdowns(intervals, middle)
        done = sum(
            (ended - began) / slower
            for (began, ended), slower in zip(intervals, slowdowns, strict=True)
        )
        low, high = (middle, high) if done > work else (low, middle)
    return (low + high) / 2


def _total(alone: Cost, video: Measured) -> float:
    cost = alone.of(video.size)
    return cost.total if video.is_new_prompt else cost.total - cost.text


def _by_tokens(videos: Iterable[tuple[Measured, float]]) -> dict[int, Cost]:
    """Return the median cost of the latest videos of each size, given how slowed down they were.

    Text is learnt from new prompts, of another size if need be: it takes the same at every size.
    """
    costs: dict[int, list[Cost]] = defaultdict(list)
    texts: dict[int, list[float]] = defaultdict(list)
    for video, slowdown in videos:
        cost = video.cost(slowdown)
        of_size, texts_of_size = costs[video.size.tokens], texts[video.size.tokens]
        if len(of_size) < _RECENT:
            of_size.append(cost)
        if video.is_new_prompt and len(texts_of_size) < _RECENT:
            texts_of_size.append(cost.text)
    all_texts = [text for of_size in texts.values() for text in of_size]
    return {
        tokens: Cost(
            text=median(texts[tokens] or all_texts or [cost.text for cost in of_size]),
            step=median(cost.step for cost in of_size),
            steps=of_size[0].steps,
            decode=median(cost.decode for cost in of_size),
            mp4=median(cost.mp4 for cost in of_size),
        )
        for tokens, of_size in costs.items()
    }
