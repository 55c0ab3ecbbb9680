"""Hold jobs back after an engine was lost, until it has worked again."""

import asyncio
import logging
import time
from contextlib import aclosing

from frontend.health_reasons import ENGINES_FAIL
from frontend.triton import (
    EngineError,
    EngineRejectedError,
    EngineUnavailableError,
    TritonClient,
)
from ltx_triton.video_spec import VideoSpec

PROBE = "probe"  # the request id

_INTERVAL = 1.0  # seconds between probes
_PATIENCE = 20.0  # seconds for engines to work again by themselves

_log = logging.getLogger(__name__)


class CircuitBreaker:
    """Open from the loss of an engine until the engines have made the smallest video."""

    def __init__(self, triton: TritonClient) -> None:
        self._triton = triton
        self._reason: str | None = None
        self._loss = ""
        self._probing: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        return self._reason is not None

    async def error(self) -> str | None:
        """Return why no video can be made now, or None."""
        return await self._triton.readiness_error() or self._reason

    def open(self, reason: str) -> None:
        """Let nothing be claimed until a probe has succeeded."""
        self._reason = self._loss = f"an engine was lost and has not worked since: {reason}"
        if self._probing is None:
            _log.warning("An engine was lost (%s): waiting until it works again", reason)
            self._probing = asyncio.create_task(self._probe_until_it_works())

    async def stop(self) -> None:
        if self._probing:
            self._probing.cancel()
            await asyncio.wait([self._probing])

    async def _probe_until_it_works(self) -> None:
        failing_since: float | None = None
        while True:
            began = time.monotonic()
            if await self._triton.readiness_error():
                failing_since, self._reason = None, self._loss  # it is being restarted
            elif await self._works():
                break
            else:
                failing_since = failing_since or began
                if time.monotonic() - failing_since > _PATIENCE:
                    self._reason = ENGINES_FAIL
            await asyncio.sleep(_INTERVAL)
        _log.info("The engines work again")
        self._reason = self._probing = None

    async def _works(self) -> bool:
        try:
            async with asyncio.timeout(self._triton.pace.allowed_silence()):
                await self._make_smallest_video()
        except EngineRejectedError:  # answered, if only to say that it makes no video so small
            return True
        except (EngineError, TimeoutError) as error:
            _log.debug("The engines do not work yet: %s", error)
            return False
        return True

    async def _make_smallest_video(self) -> None:
        info = await self._triton.model_info()
        if info is None:
            raise EngineUnavailableError("Triton does not say what it serves")
        side = 2 * info.limits.spatial_compression
        spec = VideoSpec(
            prompt="A probe",
            seed=0,
            width=side,
            height=side,
            num_frames=1,
            frame_rate=1,
            num_inference_steps=min(info.limits.num_inference_steps),
        )
        async with aclosing(self._triton.generate(spec, PROBE)) as messages:
            async for _ in messages:
                pass
