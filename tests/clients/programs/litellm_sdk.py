"""Call LiteLLM's functions for videos; print a JSON line for each call.

Run by an interpreter that has LiteLLM: `python litellm_sdk.py BASE_URL`.
"""

import json
import sys
import time
from typing import Any

import litellm

PROMPT = "a large blue star moving left on a white background"


def report(call: str, answer: object) -> None:
    print(json.dumps([call, str(answer)]), flush=True)


server: dict[str, Any] = {
    "custom_llm_provider": "hosted_vllm",
    "api_base": f"{sys.argv[1]}/v1",
    "api_key": "unused",
}
video = litellm.video_generation(
    model="hosted_vllm/ltx-demo",
    prompt=PROMPT,
    seconds="1",
    width=672,
    height=384,
    seed=7,
    **server,
)
while video.status in ("queued", "in_progress"):
    time.sleep(0.2)
    video = litellm.video_status(video.id, **server)
report(
    'video_generation(model="hosted_vllm/ltx-demo", prompt=…, seconds="1", width=672, …), '
    "video_status(id)",
    f"status {video.status}, size {video.size}, seconds {video.seconds}",
)
content = litellm.video_content(video.id, **server)
report("video_content(id)", "an MP4" if content[4:8] == b"ftyp" else "no MP4")
remix_prompt = "a red ball going to the right, white backdrop"
remix = litellm.video_remix(video.id, prompt=remix_prompt, **server)
while remix.status in ("queued", "in_progress"):
    time.sleep(0.2)
    remix = litellm.video_status(remix.id, **server)
report("video_remix(id, prompt=…), video_status(id)", f"status {remix.status}")
listed = litellm.video_list(limit=2, **server)["data"]
report(
    "video_list(limit=2)",
    f"{len(listed)} videos, newest first: {listed[0]['prompt'] == remix_prompt}",
)
