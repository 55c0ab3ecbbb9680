"""Make a video with LiteLLM: `python litellm_sdk.py [BASE_URL]`."""

import sys
import time
from pathlib import Path

import litellm

base_url = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"
server = {
    "custom_llm_provider": "hosted_vllm",
    "api_base": f"{base_url}/v1",
    "api_key": "the server's API_KEY, or anything",
}

video = litellm.video_generation(
    model="hosted_vllm/ltx",
    prompt="a large blue star moving left on a white background",
    width=672,
    height=384,
    seed=42,
    **server,
)
while video.status in ("queued", "in_progress"):
    time.sleep(1)
    video = litellm.video_status(video.id, **server)
if video.status == "failed":
    sys.exit(str(video.error))
Path("star.mp4").write_bytes(litellm.video_content(video.id, **server))
