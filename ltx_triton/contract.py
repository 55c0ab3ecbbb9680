"""The tensor contract between the frontend, the denoising loop and the engines.

Everything on the wire is FP32, INT32, INT64, UINT8, BOOL or BYTES; low precision stays inside the
engines. Letters in the shapes below: B batch, T text tokens, C caption channels, F, H, W latent
frames, rows and columns, L latent channels (128 for LTX-Video), N video frames. A dimension of -1
is free.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

DataType = Literal["FP32", "INT32", "INT64", "UINT8", "BOOL", "BYTES"]


@dataclass(frozen=True)
class Tensor:
    """Name, type and shape of one tensor, without the batch dimension."""

    name: str
    datatype: DataType
    dims: tuple[int, ...]
    optional: bool = False


@dataclass(frozen=True)
class ModelContract:
    """The tensors of one Triton model and its maximum batch size.

    Batched models have B in front of every shape; a maximum of 0 means no batching.
    """

    name: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    max_batch_size: int


_LATENTS = Tensor("latents", "FP32", (-1, -1, -1, -1))  # [B, F, H, W, L]
_PROMPT_EMBEDS = Tensor("prompt_embeds", "FP32", (-1, -1))  # [B, T, C]
_ATTENTION_MASK = Tensor("attention_mask", "INT32", (-1,))  # [B, T], 1 = real token

TEXT_ENCODER = ModelContract(
    name="text_encoder",
    inputs=(Tensor("input_ids", "INT32", (-1,)), _ATTENTION_MASK),  # [B, T]
    outputs=(_PROMPT_EMBEDS,),
    max_batch_size=8,
)

# One denoising step, Euler update included. sigma and sigma_next are per sample, so that jobs at
# different points of their schedules can share a batch.
TRANSFORMER = ModelContract(
    name="transformer",
    inputs=(
        _LATENTS,
        _PROMPT_EMBEDS,
        _ATTENTION_MASK,
        Tensor("frame_rate", "FP32", (1,)),  # [B, 1], frames a second
        Tensor("sigma", "FP32", (1,)),  # [B, 1], noise level of `latents`, 0..1
        Tensor("sigma_next", "FP32", (1,)),  # [B, 1], noise level of `latents_out`
    ),
    outputs=(Tensor("latents_out", "FP32", (-1, -1, -1, -1)),),  # [B, F, H, W, L]
    max_batch_size=4,
)

VAE_DECODER = ModelContract(
    name="vae_decoder",
    inputs=(_LATENTS, Tensor("noise", "FP32", (-1, -1, -1, -1))),  # normalised latents, N(0, 1)
    outputs=(Tensor("frames", "UINT8", (-1, -1, -1, 3)),),  # [B, 8(F-1)+1, 32H, 32W, 3], RGB
    max_batch_size=1,  # a batch of two would double the peak memory
)

# A parameter of a request to `text_encoder`; if it is 1, the engine is dropped before the response
# and opened again for the next request. All requests of a batch have the same.
UNLOAD = "unload"

# A parameter of a request to `vae_decoder`: the first frame to return. The response has the frames
# from there on, but only as many as the engine makes at once; ask again for the rest.
FIRST_FRAME = "first_frame"

# A tensor inside the graph of `vae_decoder`, [B, channels, 4(F-1)+1, rows, columns]: what the last
# upsampler reads. Behind it a frame depends on a few neighbours alone.
VAE_FEATURES = "features"

# Decoupled: `model_info` first, then a progress response after each engine call, then the frames
# in chunks. A request either describes a video, by the fields of `VideoSpec`, or asks with
# `describe` for `model_info` alone; so all inputs are optional to Triton.
LTX_VIDEO = ModelContract(
    name="ltx_video",
    inputs=(
        Tensor("describe", "BOOL", (1,), optional=True),
        Tensor("prompt", "BYTES", (1,), optional=True),
        Tensor("num_frames", "INT32", (1,), optional=True),  # exactly this many frames come back
        Tensor("height", "INT32", (1,), optional=True),  # pixels
        Tensor("width", "INT32", (1,), optional=True),  # pixels
        Tensor("frame_rate", "FP32", (1,), optional=True),  # frames per second
        Tensor("seed", "INT64", (1,), optional=True),
        Tensor("num_inference_steps", "INT32", (1,), optional=True),
        Tensor("negative_prompt", "BYTES", (1,), optional=True),
        Tensor("guidance_scale", "FP32", (1,), optional=True),
    ),
    outputs=(
        Tensor("model_info", "BYTES", (1,)),  # JSON of a `ModelInfo`
        Tensor("stage", "BYTES", (1,)),  # a Stage
        Tensor("step", "INT32", (1,)),  # denoising steps finished
        Tensor("total_steps", "INT32", (1,)),
        Tensor("seconds", "FP32", (1,)),  # since the request began to execute
        Tensor("frames", "UINT8", (-1, -1, -1, 3)),  # the next frames of the video, RGB
    ),
    max_batch_size=0,
)

ENGINES = (TEXT_ENCODER, TRANSFORMER, VAE_DECODER)
MODELS = (*ENGINES, LTX_VIDEO)


class Stage(StrEnum):
    """The stages of a running job, in order."""

    TEXT = "text"
    DENOISE = "denoise"
    DECODE = "decode"
    MP4 = "mp4"  # frames are being transferred and encoded as they arrive


class ErrorKind(StrEnum):
    """The kind of error that ended an `ltx_video` stream.

    The error message reads "KIND: text", because Triton's gRPC streams carry no status codes.
    (The header `triton_grpc_error` enables them, but then any error crashes Triton 2.51.)
    """

    INVALID_REQUEST = "INVALID_REQUEST"  # the request cannot be served as it is
    ENGINE_LOST = "ENGINE_LOST"  # an engine's process died; the same request may work later
    FAILED = "FAILED"  # anything else


# Triton's wording when a model is lost: its process died or hangs ("is not healthy", "stub
# process"), it is not loaded ("is not found"), or the server is shutting down ("server not ready",
# "is not ready").
_ENGINE_LOST_MESSAGES = ("is not healthy", "stub process", "is not found", "not ready")


def means_engine_lost(message: str) -> bool:
    """Tell a Triton error about a lost server or model from one about the request."""
    return any(text in message.lower() for text in _ENGINE_LOST_MESSAGES)


@dataclass(frozen=True)
class Progress:
    """A progress response of `ltx_video`."""

    stage: Stage
    step: int  # denoising steps finished
    total_steps: int
    seconds: float  # since the request began to execute
