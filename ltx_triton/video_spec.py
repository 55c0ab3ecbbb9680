"""The video spec: the parameters of a video, for HTTP, the engines and the job store alike."""

import secrets

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

MAX_PROMPT_LENGTH = 10_000  # characters
MAX_SEED = 2**63 - 1
MAX_GUIDANCE_SCALE = 20
_DRAWN_SEED_BITS = 53  # exact in JavaScript


def draw_seed() -> int:
    return secrets.randbits(_DRAWN_SEED_BITS)


class SharedFields(BaseModel):
    """Fields that requests, jobs and responses share with the spec: add new ones here."""

    prompt: str = Field(
        title="Prompt",
        min_length=1,
        max_length=MAX_PROMPT_LENGTH,
        description="Text description of the video",
        examples=["a large blue star moving left on a white background"],
    )
    seed: int = Field(
        default_factory=draw_seed,
        title="Seed",
        ge=0,
        le=MAX_SEED,
        description="The same seed and parameters give the same video; "
        "drawn at random and reported when absent",
        examples=[42],
    )

    negative_prompt: str = Field(
        default="",
        title="Negative prompt",
        max_length=MAX_PROMPT_LENGTH,
        description="Text description of things to keep out of the video, for models with guidance",
        examples=["worst quality, blurry, distorted"],
    )
    guidance_scale: float | None = Field(
        default=None,
        title="Guidance scale",
        ge=1,
        le=MAX_GUIDANCE_SCALE,
        description="How closely to follow the prompt, 1 without guidance; "
        "the checkpoint's own when absent",
    )

    @field_validator("prompt")
    @classmethod
    def _require_words(cls, prompt: str) -> str:
        if not any(char.isprintable() and not char.isspace() for char in prompt):
            raise PydanticCustomError("blank", "is blank")
        return prompt


class VideoSpec(SharedFields):
    """The parameters of one video, independent of the API."""

    model_config = ConfigDict(frozen=True)

    width: int = Field(ge=1)  # pixels
    height: int = Field(ge=1)  # pixels
    num_frames: int = Field(ge=1)
    frame_rate: float = Field(gt=0, allow_inf_nan=False)  # frames per second
    num_inference_steps: int | None = None  # None: the checkpoint's default
