"""What an MP4 says of itself: title and comment."""

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Self

from ltx_triton import __version__
from ltx_triton.model_info import ModelInfo
from ltx_triton.video_spec import VideoSpec

_TITLE_LENGTH = 80  # characters; players and file managers show one line
_HEADER = ";FFMETADATA1\n"
_SPECIAL = re.compile(r"[=;#\\\n]")


@dataclass(frozen=True)
class Description:
    title: str
    comment: str  # a JSON object: readable, and exact whatever the prompt holds

    @classmethod
    def of(cls, spec: VideoSpec, info: ModelInfo | None) -> Self:
        comment = {
            "prompt": spec.prompt,
            "seed": spec.seed,
            "model": info and info.model_name,
            "version": f"ltx-triton {__version__}",
        }
        return cls(_title(spec.prompt), json.dumps(comment, ensure_ascii=False))


def ffmetadata(description: Description | None) -> bytes:
    """Return the description as a file that ffmpeg reads."""
    if description is None:
        return _HEADER.encode()
    title, comment = (
        _SPECIAL.sub(r"\\\g<0>", value) for value in (description.title, description.comment)
    )
    return f"{_HEADER}title={title}\ncomment={comment}\n".encode()


def _title(prompt: str) -> str:
    """Return the prompt as one line, cut between words if it is long."""
    line = " ".join(prompt.split())
    line = "".join(char for char in line if unicodedata.category(char) != "Cc")
    if len(line) <= _TITLE_LENGTH:
        return line
    cut = line[: _TITLE_LENGTH - 1]
    words = cut if line[len(cut)] == " " else cut.rpartition(" ")[0]
    # Chinese has no spaces, and a long last word would take most of the title with it.
    return (words if len(words) > _TITLE_LENGTH // 2 else cut).rstrip() + "…"
