"""How long the engines may be silent before they count as hung and not as slow."""

from ltx_triton.video_spec import VideoSpec

_UNKNOWN = 600.0  # seconds, before a step has been measured
_LEAST = 60.0  # seconds
_FACTOR = 10  # other jobs' batches come first, attention is quadratic, and decoding is no step
_SMALL = 256 * 256 * 8  # pixels; a step of fewer takes as long


class EnginePace:
    """The slowest denoising step so far, and what it means for the largest video.

    A small video may have to wait for a step of the largest, so all have the same patience.
    """

    def __init__(self, largest: int = 512 * 512 * 257) -> None:
        """Know that no video has more than `largest` pixels in all its frames."""
        self._largest = largest
        self._slowest: float | None = None  # seconds per pixel

    def record_step(self, spec: VideoSpec, seconds: float) -> None:
        pixels = max(_SMALL, spec.width * spec.height * spec.num_frames)
        self._slowest = max(self._slowest or 0.0, seconds / pixels)

    def allowed_silence(self) -> float:
        """Return the seconds after which engines that say nothing hang."""
        if self._slowest is None:
            return _UNKNOWN
        return max(_LEAST, _FACTOR * self._slowest * self._largest)
