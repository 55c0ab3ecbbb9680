"""Request videos as users do, and time them."""

import time
from dataclasses import asdict, dataclass, field

import httpx

from demo.evaluation.prompts import ClipRequest

_TIMEOUT = 900.0  # seconds
_REFUSED = (429, 503)


@dataclass(frozen=True)
class Answer:
    posted: float  # seconds on the monotonic clock
    answered: float  # at the last byte of the MP4, or at the refusal
    refused: bool = False
    stages: dict[str, float] = field(default_factory=dict)  # seconds, if the server reports them

    @property
    def seconds(self) -> float:
        return self.answered - self.posted


async def ask(http: httpx.AsyncClient, request: ClipRequest) -> Answer:
    """Generate and download a video, from the service or a server that returns the MP4 directly.

    Raises:
        httpx.HTTPStatusError: an error other than a refusal (429, 503).
    """
    posted = time.monotonic()
    response = await http.post("/generate", json=asdict(request))
    if response.status_code in _REFUSED:
        return Answer(posted, time.monotonic(), refused=True)
    response.raise_for_status()
    if response.headers["content-type"] == "video/mp4":
        return Answer(posted, time.monotonic())
    job = response.json()
    (await http.get(job["download_url"])).raise_for_status()
    answered = time.monotonic()
    status = (await http.get(f"/status/{job['job_id']}")).raise_for_status().json()
    return Answer(posted, answered, stages=status["stage_seconds"])


async def ask_once(url: str, request: ClipRequest) -> Answer:
    """Ask over a new connection. Raises what `ask` does."""
    async with client(url) as http:
        return await ask(http, request)


def client(url: str) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(base_url=url, timeout=_TIMEOUT, limits=limits, trust_env=False)
