"""The request of `POST /v1/videos`: the video, and what clients of other models send besides."""

from pydantic import Field

from frontend.api.video_fields import PromptFields, VideoFields

# This model cannot honour them: the video would show something else.
UNSUPPORTED = (
    *("input_reference", "image_reference", "video_reference", "audio_reference", "reference_url"),
    *("image_url", "video_url", "image_path", "last_frame_path", "video_path"),
    *("lora", "lora_name"),
)


class CreateVideoRequest(VideoFields):
    """Parameters of `POST /v1/videos`. Others are ignored, as OpenAI's clients expect."""

    model: str | None = Field(
        None, title="Model", description="Ignored: the answer names the model that is served"
    )
    n: int = Field(1, title="Videos", ge=1, le=1, description="One video per request")


class RemixVideoRequest(PromptFields):
    """A remix keeps what is not here, and the seed of its source unless another is given."""
