"""Call every method of the `openai` SDK for videos; print a JSON line for each call.

Run by an interpreter that has the SDK: `python openai_sdk.py BASE_URL`.
"""

import json
import sys
import warnings

import openai

warnings.simplefilter("ignore", DeprecationWarning)  # the SDK's own: OpenAI has shut its service

PROMPT = "a large blue star moving left on a white background"


def report(call: str, answer: object) -> None:
    print(json.dumps([call, str(answer)]), flush=True)


client = openai.OpenAI(base_url=f"{sys.argv[1]}/v1", api_key="unused")

video = client.videos.create_and_poll(
    prompt=PROMPT, seconds="1", size="672x384", extra_body={"seed": 7, "num_inference_steps": 8}
)
report(
    'videos.create_and_poll(prompt=…, seconds="1", size="672x384", extra_body={"seed": 7, …})',
    f"status {video.status}, progress {video.progress}, size {video.size}, seconds {video.seconds}",
)
content = client.videos.download_content(video.id)
report("videos.download_content(id)", "an MP4" if content.read()[4:8] == b"ftyp" else "no MP4")

remix = client.videos.remix(video.id, prompt="a red ball going to the right, white backdrop")
report("videos.remix(id, prompt=…)", f"of the first: {remix.remixed_from_video_id == video.id}")
report("videos.poll(id)", f"status {client.videos.poll(remix.id).status}")
report("videos.retrieve(id)", f"status {client.videos.retrieve(remix.id).status}")

listed = [each.id for each in client.videos.list(limit=1)]
report(
    "videos.list(limit=1)",
    f"{len(listed)} videos in {len(listed)} pages, newest first: {listed == [remix.id, video.id]}",
)

deleted = client.videos.delete(video.id)
report("videos.delete(id)", f"deleted {deleted.deleted}")
report("models.list()", [model.id for model in client.models.list()])
try:
    client.videos.create(prompt=PROMPT, size="1280x720")
except openai.BadRequestError as error:
    report('videos.create(size="1280x720")', f"{type(error).__name__}: {error.message}")
try:
    client.videos.retrieve(video.id)
except openai.NotFoundError as error:
    report("videos.retrieve(id) of the deleted one", f"{type(error).__name__}: {error.message}")
