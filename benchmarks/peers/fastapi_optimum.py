"""The usual hand-written server, around the fastest peer that runs the checkpoint as it is.

python -m benchmarks.peers.fastapi_optimum MODEL fp32 PORT SAMPLING

SAMPLING is a JSON object with the fields of `PeerRequest` that users don't choose.
"""

import json
import sys
import tempfile
from pathlib import Path
from threading import Lock
from typing import Any

import diffusers
import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel

from benchmarks.peers.optimum_intel import load
from benchmarks.peers.protocol import Generate, PeerRequest, write_mp4


class GenerateRequest(BaseModel):
    """A subset of the parameters of our own `POST /generate`."""

    prompt: str
    duration: int = 3
    fps: int = 8
    width: int = 512
    height: int = 512
    seed: int = 0


def create_app(generate_frames: Generate, sampling: dict[str, Any]) -> FastAPI:
    lock = Lock()  # the pipeline is not thread-safe
    app = FastAPI()

    @app.get("/health")
    def health() -> str:
        return "ok"

    @app.post("/generate")
    def generate(request: GenerateRequest) -> Response:
        wanted = PeerRequest(
            prompt=request.prompt,
            width=request.width,
            height=request.height,
            num_frames=request.duration * request.fps,
            frame_rate=float(request.fps),
            seed=request.seed,
            **sampling,
        )
        with lock:
            frames = generate_frames(wanted)
        with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
            write_mp4(frames[: wanted.num_frames], wanted.frame_rate, wanted.mp4, Path(file.name))
            return Response(Path(file.name).read_bytes(), media_type="video/mp4")

    return app


def main() -> None:
    diffusers.logging.set_verbosity_error()
    model, precision, port, sampling = sys.argv[1:]
    app = create_app(load(Path(model), precision, "dynamic"), json.loads(sampling))
    uvicorn.run(app, port=int(port), log_level="warning")


if __name__ == "__main__":
    main()
