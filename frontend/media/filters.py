"""Filters of ffmpeg that several outputs share."""

from collections.abc import Iterable

from ltx_triton.video_spec import VideoSpec

# Frames of H.264 as BT.709 says. scale does as it is told, and its frames carry matrix and range;
# setparams names the rest: RGB from the model is what such videos hold.
TO_BT709 = (
    "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,"
    "setparams=color_primaries=bt709:color_trc=bt709"
)

# JFIF knows no other colours. From RGB: scale leaves the matrix alone from YUV to YUV.
TO_JPEG = "format=gbrp,scale=out_color_matrix=bt601:out_range=pc,format=yuvj420p"


def select(indices: Iterable[int]) -> str:
    """Keep these frames."""
    return f"select='{'+'.join(f'eq(n,{index})' for index in indices)}'"


def middle(spec: VideoSpec) -> str:
    """Keep the frame in the middle."""
    return select([spec.num_frames // 2])


def fit(spec: VideoSpec, longest: int) -> str:
    """Scale the longest side down to so many pixels, if it is longer."""
    factor = min(1.0, longest / max(spec.width, spec.height))
    width, height = (max(1, round(side * factor)) for side in (spec.width, spec.height))
    return f"scale={width}:{height}"
