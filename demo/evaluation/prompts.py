"""The fixed evaluation prompts: combinations of attributes that training never sees."""

from dataclasses import dataclass
from random import Random

from demo.shapes.captions import caption
from demo.shapes.sampling import sample_attributes
from demo.shapes.scene import Attributes
from ltx_triton.video_spec import VideoSpec

COUNT = 200
_SEED = 2026


@dataclass(frozen=True)
class ClipRequest:
    """Parameters of `POST /generate`, with its defaults."""

    prompt: str
    seed: int
    duration: int = 3  # seconds
    fps: int = 8
    width: int = 512  # pixels
    height: int = 512

    @property
    def video(self) -> VideoSpec:
        """Convert to the request that Triton receives."""
        return VideoSpec(
            prompt=self.prompt,
            num_frames=self.duration * self.fps,
            height=self.height,
            width=self.width,
            frame_rate=float(self.fps),
            seed=self.seed,
        )


@dataclass(frozen=True)
class Prompt:
    text: str
    attributes: Attributes  # expected in the clip
    seed: int

    @property
    def request(self) -> ClipRequest:
        return ClipRequest(self.text, self.seed)


def held_out_prompts(count: int = COUNT) -> list[Prompt]:
    """Return the first of the fixed prompts. Each names every attribute; some omit the size."""
    random = Random(_SEED)
    prompts = []
    for seed in range(count):
        attributes = sample_attributes(random, held_out=True)
        prompts.append(Prompt(caption(attributes, random), attributes, seed))
    return prompts
