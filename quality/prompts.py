"""The fixed prompts that a checkpoint is judged by: combinations it has never been trained on."""

from dataclasses import dataclass
from random import Random

from world.captions import caption
from world.sampling import sample_attributes
from world.scene import Attributes

COUNT = 200
DURATION, FPS, RESOLUTION = 3, 8, 512  # seconds, frames a second, pixels: the default request
_SEED = 2026


@dataclass(frozen=True)
class Prompt:
    """A prompt, what a clip should show, and the seed of its noise."""

    text: str
    attributes: Attributes
    seed: int


def held_out_prompts(count: int = COUNT) -> list[Prompt]:
    """The first of the fixed prompts; each says everything about its clip but at most the size."""
    random = Random(_SEED)
    prompts = []
    for seed in range(count):
        attributes = sample_attributes(random, held_out=True)
        prompts.append(Prompt(caption(attributes, random), attributes, seed))
    return prompts
