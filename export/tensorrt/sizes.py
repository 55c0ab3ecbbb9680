"""The named video sizes that plans are optimised for."""

from collections.abc import Sequence

from export.errors import ExportError
from ltx_triton.pipeline.config import PipelineConfig, SizeLimit
from ltx_triton.settings import MAX_FPS, Settings

DEFAULT_SIZES = ("default", "maximum")
SIZE_NAMES = ("preview", "default", "long", "maximum")


def require_sizes(names: Sequence[str]) -> None:
    """Reject unknown size names.

    Raises:
        ExportError: a name is unknown, or there is none.
    """
    for name in names:
        if name not in SIZE_NAMES:
            raise ExportError(f"--sizes {name}: no such size; allowed: {', '.join(SIZE_NAMES)}")
    if not names:
        raise ExportError(f"--sizes names no size; allowed: {', '.join(SIZE_NAMES)}")


def size_limits(
    names: Sequence[str], config: PipelineConfig, settings: Settings
) -> dict[str, SizeLimit]:
    """Return the largest video of each named size, rounded up to the engines' strides.

    The number of frames is rounded up to 8k+1 for LTX-Video.

    Raises:
        ExportError: there is no size of that name, or none is named.
    """
    require_sizes(names)
    longest = min(settings.max_frames, settings.max_video_duration * MAX_FPS)
    sides_and_frames = {
        "preview": (256, 25),
        "default": (512, 25),
        "long": (512, 81),
        "maximum": (settings.allowed_resolutions[-1], longest),
    }
    limits = {}
    for name in dict.fromkeys(names):
        side, frames = sides_and_frames[name]
        side = _round_up(side, config.spatial_compression)
        frames = 1 + _round_up(frames - 1, config.temporal_compression)
        limits[name] = SizeLimit(height=side, width=side, num_frames=frames)
    return limits


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
