"""
title: Video generation
description: Make a short video from a description, on an LTX-Video server.
requirements: httpx
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from pydantic import BaseModel, Field

EventEmitter = Callable[[dict[str, Any]], Awaitable[None]]


class Tools:
    class Valves(BaseModel):
        server: str = Field(
            default="http://localhost:8000", description="As this program reaches it"
        )
        public_url: str = Field(default="http://localhost:8000", description="As browsers reach it")
        api_key: str = Field(default="", description="The server's API_KEY, if it requires one")

    def __init__(self) -> None:
        self.valves = self.Valves()

    async def make_video(
        self, prompt: str, seconds: int = 3, __event_emitter__: EventEmitter | None = None
    ) -> str:
        """
        Make a short video.

        :param prompt: what the video shows, in one English sentence
        :param seconds: how long it is
        """
        headers = {"X-API-Key": self.valves.api_key} if self.valves.api_key else {}
        async with httpx.AsyncClient(base_url=self.valves.server, headers=headers) as http:
            body = {"prompt": prompt, "duration": seconds, "wait": False}
            job = (await http.post("/generate", json=body)).json()
            while job.get("status") in ("queued", "running"):
                if __event_emitter__:
                    progress = f"{job['status']} {job.get('percent', 0):.0f} %"
                    await __event_emitter__({"type": "status", "data": {"description": progress}})
                await asyncio.sleep(0.5)
                job = (await http.get(f"/jobs/{job['job_id']}")).json()
        if job.get("status") != "completed":
            return f"No video was made: {job.get('detail') or job.get('error') or job['status']}"
        return f"The video is at {self.valves.public_url}/preview/{job['job_id']}"
