"""Images and animations that are made from a finished video: names and recipes."""

from enum import StrEnum
from math import ceil, sqrt
from pathlib import Path

from frontend.media.filters import TO_JPEG, fit, middle, select
from ltx_triton.video_spec import VideoSpec

# Longest sides in pixels.
_THUMBNAIL = 320
_SPRITE = 240
_WEBP = 480
_GIF = 320  # GIF takes about twice as many bytes as WebP

_SPRITES = 16
_WEBP_RATE = 30.0  # frames per second at most
_GIF_RATE = 12.5

_ANIMATED_WEBP = ("-c:v", "libwebp_anim", "-loop", "0", "-f", "webp")  # 0: for ever
_JPEG = ("-c:v", "mjpeg", "-q:v", "4", "-f", "mjpeg")


class Derived(StrEnum):
    THUMBNAIL = "thumbnail"  # the frame in the middle
    SPRITESHEET = "spritesheet"  # up to 16 frames from the first to the last, row by row
    WEBP = "webp"  # animations, which are repeated
    GIF = "gif"

    @property
    def suffix(self) -> str:
        """What takes the place of .mp4 in the video's name."""
        match self:
            case Derived.THUMBNAIL:
                return ".thumbnail.webp"
            case Derived.SPRITESHEET:
                return ".spritesheet.jpg"
            case _:
                return f".{self}"

    @property
    def media_type(self) -> str:
        match self:
            case Derived.SPRITESHEET:
                return "image/jpeg"
            case Derived.GIF:
                return "image/gif"
            case _:
                return "image/webp"

    @classmethod
    def paths(cls, video: Path) -> list[Path]:
        """Return where everything that can be made of the video is kept."""
        return [kind.path(video) for kind in cls]

    def path(self, video: Path) -> Path:
        """Return where it is kept: hidden, beside the video."""
        return video.with_name(f".{video.stem}{self.suffix}")

    def options(self, spec: VideoSpec) -> list[str]:
        """Return ffmpeg's options, which make it from the video of this spec."""
        match self:
            case Derived.THUMBNAIL:
                image = f"{middle(spec)},{fit(spec, _THUMBNAIL)},format=bgra"
                return ["-vf", image, "-frames:v", "1", "-c:v", "libwebp", "-f", "webp"]
            case Derived.SPRITESHEET:
                return ["-vf", f"{_sprites(spec)},{TO_JPEG}", "-frames:v", "1", *_JPEG]
            case Derived.WEBP:
                frames = f"{_thin_out(spec, _WEBP_RATE)}{fit(spec, _WEBP)},format=bgra"
                return ["-vf", frames, *_ANIMATED_WEBP]
            case Derived.GIF:
                # RGB before the split: the palette's filters take twice as long without it.
                frames = f"{_thin_out(spec, _GIF_RATE)}{fit(spec, _GIF)},format=rgb24"
                palette = "split[colours][frames];[colours]palettegen[palette]"
                # Of the ditherings the one that compresses best and does not flicker.
                use = "paletteuse=dither=bayer:bayer_scale=5:diff_mode=rectangle"
                both = f"{frames},{palette};[frames][palette]{use}"
                return ["-filter_complex", f"[0:v:0]{both}", "-loop", "0", "-f", "gif"]


def _sprites(spec: VideoSpec) -> str:
    count = min(_SPRITES, spec.num_frames)
    last = spec.num_frames - 1
    indices = [round(last * number / max(1, count - 1)) for number in range(count)]
    columns = ceil(sqrt(count))
    return f"{select(indices)},{fit(spec, _SPRITE)},tile={columns}x{ceil(count / columns)}"


def _thin_out(spec: VideoSpec, most: float) -> str:
    """Keep every n-th frame, the smallest n that does not exceed the rate."""
    every = ceil(spec.frame_rate / most)
    return f"fps={spec.frame_rate / every:g}," if every > 1 else ""
