"""A ComfyUI node that makes a video on the server: copy this file into `custom_nodes/`."""

import json
import time
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen


class LtxVideo:
    CATEGORY = "video"
    FUNCTION = "make"
    RETURN_TYPES = ("STRING",)
    RETURN_NAMES = ("path",)
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802  ComfyUI's name
        return {
            "required": {
                "prompt": ("STRING", {"multiline": True}),
                "width": ("INT", {"default": 672, "min": 64, "max": 2048, "step": 32}),
                "height": ("INT", {"default": 384, "min": 64, "max": 2048, "step": 32}),
                "num_frames": ("INT", {"default": 24, "min": 1, "max": 257}),
                "fps": ("INT", {"default": 8, "min": 1, "max": 60}),
                "seed": ("INT", {"default": 0, "min": 0, "max": 2**63 - 1}),
                "server": ("STRING", {"default": "http://localhost:8000"}),
                "api_key": ("STRING", {"default": ""}),
            }
        }

    def make(self, server: str, api_key: str, **parameters: str | int) -> tuple[str]:
        """Make the video; return the path of the MP4 in the output folder."""
        key = {"X-API-Key": api_key} if api_key else {}
        body = json.dumps({**parameters, "wait": False}).encode()
        headers = {"Content-Type": "application/json"}
        job = json.load(urlopen(Request(f"{server}/generate", body, headers | key), timeout=60))
        while job["status"] in ("queued", "running"):
            time.sleep(0.5)
            job = json.load(
                urlopen(Request(f"{server}/jobs/{job['job_id']}", headers=key), timeout=60)
            )
        if job["status"] != "completed":
            raise RuntimeError(job.get("error") or f"the job is {job['status']}")
        path = output_folder() / job["filename"]
        video = Request(f"{server}/download/{job['job_id']}", headers=key)
        path.write_bytes(urlopen(video, timeout=60).read())
        return (str(path),)


def output_folder() -> Path:
    import folder_paths  # ComfyUI's

    return Path(folder_paths.get_output_directory())


NODE_CLASS_MAPPINGS = {"LtxVideo": LtxVideo}
NODE_DISPLAY_NAME_MAPPINGS = {"LtxVideo": "LTX-Video server"}
