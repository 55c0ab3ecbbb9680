"""The service's MP4 settings, for all contenders."""

from imageio_ffmpeg import get_ffmpeg_exe

from frontend.media.writer import mp4_options
from ltx_triton.settings import Mp4Preset


def service_mp4(preset: Mp4Preset) -> list[str]:
    """Return ffmpeg and its encoding options."""
    return [get_ffmpeg_exe(), *mp4_options(preset)]
