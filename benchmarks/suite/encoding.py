"""The service's MP4 settings, for all contenders."""

from pathlib import Path

from demo.evaluation.prompts import held_out_prompts
from frontend.media.writer import Mp4Writer


def mp4_options() -> list[str]:
    """Return ffmpeg and its options between the input and the name of the file."""
    spec = held_out_prompts(1)[0].request.video
    ffmpeg, *options = Mp4Writer(Path("video"), Path("partial"), spec)._command
    return [ffmpeg, *options[options.index("pipe:0") + 1 : -1]]
