"""Asks a service for videos as its users do, and takes the time."""

import time
from dataclasses import asdict, dataclass, field

import httpx

from demo.evaluation.prompts import ClipRequest

_TIMEOUT = 900.0  # seconds
_REFUSED = (429, 503)


@dataclass(frozen=True)
class Answer:
    """What came of one request."""

    posted: float  # seconds on the monotonic clock
    answered: float  # when the last byte of the MP4 was here, or the refusal
    refused: bool = False
    stages: dict[str, float] = field(default_factory=dict)  # seconds, where the service tells

    @property
    def seconds(self) -> float:
        """From POST to MP4."""
        return self.answered - self.posted


async def ask(http: httpx.AsyncClient, request: ClipRequest) -> Answer:
    """Have a video made and downloaded, by our service or by one that answers with the MP4.

    Raises:
        httpx.HTTPStatusError: neither a video came nor was the request refused for lack of room.
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


async def ask_alone(url: str, request: ClipRequest) -> Answer:
    """Ask as a client that has not been there before. Raises what `ask` does."""
    async with client(url) as http:
        return await ask(http, request)


def client(url: str) -> httpx.AsyncClient:
    """An HTTP client for any number of requests at once."""
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(base_url=url, timeout=_TIMEOUT, limits=limits, trust_env=False)
