"""The usual hand-written server: FastAPI around diffusers' pipeline.

python -m benchmarks.baselines.fastapi_diffusers CHECKPOINT PORT
"""

import sys
import tempfile
from pathlib import Path
from threading import Lock

import diffusers
import torch
import uvicorn
from diffusers import LTXConditionPipeline
from diffusers.utils import export_to_video
from fastapi import FastAPI, Response
from pydantic import BaseModel

from export.run import ExportOptions


class GenerateRequest(BaseModel):
    """A subset of the parameters of our own `POST /generate`."""

    prompt: str
    duration: int = 3
    fps: int = 8
    resolution: int = 512
    seed: int = 0


def create_app(checkpoint: Path) -> FastAPI:
    pipeline = LTXConditionPipeline.from_pretrained(checkpoint, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    lock = Lock()  # the pipeline is not thread-safe
    app = FastAPI()

    @app.get("/health")
    def health() -> str:
        return "ok"

    @app.post("/generate")
    def generate(request: GenerateRequest) -> Response:
        frames = request.duration * request.fps
        with lock:
            video = pipeline(
                prompt=request.prompt,
                width=request.resolution,
                height=request.resolution,
                num_frames=1 + 8 * -(-(frames - 1) // 8),
                frame_rate=float(request.fps),
                num_inference_steps=8,
                guidance_scale=1.0,
                decode_timestep=ExportOptions.decode_timestep,
                decode_noise_scale=ExportOptions.decode_noise_scale,
                generator=torch.Generator().manual_seed(request.seed),
                output_type="np",
            ).frames[0]
        with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
            export_to_video(list(video[:frames]), file.name, fps=request.fps)
            return Response(Path(file.name).read_bytes(), media_type="video/mp4")

    return app


def main() -> None:
    diffusers.logging.set_verbosity_error()
    checkpoint, port = sys.argv[1:]
    uvicorn.run(create_app(Path(checkpoint)), port=int(port), log_level="warning")


if __name__ == "__main__":
    main()
