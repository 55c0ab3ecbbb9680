"""The fixed prompts that a checkpoint is judged by: combinations it has never been trained on."""

from dataclasses import dataclass
from random import Random

from demo.shapes.captions import caption
from demo.shapes.sampling import sample_attributes
from demo.shapes.scene import Attributes
from ltx_triton.contract import VideoRequest

COUNT = 200
_SEED = 2026


@dataclass(frozen=True)
class ClipRequest:
    """What is asked of the service; sizes and times are those of its default request."""

    prompt: str
    seed: int
    duration: int = 3  # seconds
    fps: int = 8
    resolution: int = 512  # pixels a side

    @property
    def video(self) -> VideoRequest:
        """What it becomes behind the HTTP API."""
        return VideoRequest(
            prompt=self.prompt,
            num_frames=self.duration * self.fps,
            height=self.resolution,
            width=self.resolution,
            frame_rate=float(self.fps),
            seed=self.seed,
        )


@dataclass(frozen=True)
class Prompt:
    """A prompt, what a clip should show, and the seed of its noise."""

    text: str
    attributes: Attributes
    seed: int

    @property
    def request(self) -> ClipRequest:
        """For a clip of the default size."""
        return ClipRequest(self.text, self.seed)


def held_out_prompts(count: int = COUNT) -> list[Prompt]:
    """The first of the fixed prompts; each says everything about its clip but at most the size."""
    random = Random(_SEED)
    prompts = []
    for seed in range(count):
        attributes = sample_attributes(random, held_out=True)
        prompts.append(Prompt(caption(attributes, random), attributes, seed))
    return prompts
