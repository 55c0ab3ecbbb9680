"""Make a video with the `openai` SDK: `python openai_sdk.py [BASE_URL]`."""

import sys

from openai import OpenAI

base_url = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"
client = OpenAI(base_url=f"{base_url}/v1", api_key="the server's API_KEY, or anything")

video = client.videos.create_and_poll(
    prompt="a large blue star moving left on a white background",
    extra_body={"width": 672, "height": 384, "duration": 3, "seed": 42},
)
if video.error:
    sys.exit(f"{video.error.code}: {video.error.message}")
client.videos.download_content(video.id).write_to_file("star.mp4")
