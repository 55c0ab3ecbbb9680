"""Run diffusers' pipeline on the same weights, eager and compiled.

python -m benchmarks.baselines.pytorch CASE
"""

import gc
import platform
import sys
import time
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from diffusers import LTXConditionPipeline
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.baselines.case import Case
from benchmarks.baselines.flops import component_flops, peak_flops
from benchmarks.baselines.inputs import load_inputs, save_output
from benchmarks.baselines.worker import serve_commands
from demo.evaluation.reference import call_pipeline, to_bytes
from export.checkpoint.folder import open_checkpoint
from export.precision import Precision
from ltx_triton.contract import (
    ENGINES,
    LTX_VIDEO,
    TEXT_ENCODER,
    TRANSFORMER,
    VAE_DECODER,
)
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import version_folder


class PyTorchWorker:
    """Commands of the worker. Times are wall-clock seconds, the copy to the host included."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._config = PipelineConfig.load(version_folder(case.repository, LTX_VIDEO))
        self._device = torch.device(case.device)
        self._inputs = {contract.name: load_inputs(case, contract) for contract in ENGINES}
        self._pipeline: Any = None
        self._modules: dict[str, tuple[Any, ...]] = {}  # "eager" or "compiled" -> models
        self._components = {
            TEXT_ENCODER.name: self._encode,
            TRANSFORMER.name: self._step,
            VAE_DECODER.name: self._decode,
        }

    def load(self, precision: str) -> float:
        """Load the pipeline in a precision; return the seconds."""
        started = time.perf_counter()
        self._pipeline = None
        self._modules = {}
        gc.collect()
        torch.cuda.empty_cache()
        self._dtype = Precision(precision).dtype(TRANSFORMER)
        self._pipeline = LTXConditionPipeline.from_pretrained(
            self._case.checkpoint, dtype=self._dtype
        ).to(self._device)
        self._pipeline.set_progress_bar_config(disable=True)
        pipeline = self._pipeline
        self._modules = {
            "eager": (pipeline.text_encoder, pipeline.transformer, pipeline.vae.decoder)
        }
        return time.perf_counter() - started

    def compile(self) -> float:
        """Compile the models for the shapes of the request; return the seconds."""
        started = time.perf_counter()
        self._modules["compiled"] = tuple(
            torch.compile(module, backend=self._case.compile_backend)
            for module in self._modules["eager"]
        )
        self.request("compiled")
        for name in self._components:
            self.component("compiled", name)
        return time.perf_counter() - started

    def outputs(self, side: str) -> None:
        """Save the output of each component on its inputs, and of the whole request."""
        self._use("eager")
        for name, run in self._components.items():
            save_output(self._case, side, name, run())
        save_output(self._case, side, "request", self._generate())

    def component(self, mode: str, name: str) -> float:
        self._use(mode)
        started = time.perf_counter()
        self._components[name]()
        return time.perf_counter() - started

    def request(self, mode: str) -> float:
        self._use(mode)
        started = time.perf_counter()
        self._generate()
        return time.perf_counter() - started

    def flops(self) -> dict[str, dict[str, int]]:
        checkpoint = open_checkpoint(str(self._case.checkpoint), None)
        return component_flops(checkpoint, self._inputs)

    def peak(self, kind: str) -> float:
        return peak_flops(self._device, kind)

    def machine(self) -> dict[str, str]:
        on_gpu = self._device.type == "cuda"
        return {
            "device": torch.cuda.get_device_name() if on_gpu else "cpu",
            "platform": platform.platform(),
            "python": platform.python_version(),
            "torch": torch.__version__,
            "diffusers": diffusers.__version__,
        }

    def _use(self, mode: str) -> None:
        pipeline = self._pipeline
        modules = self._modules[mode]
        pipeline.text_encoder, pipeline.transformer, pipeline.vae.decoder = modules

    def _tensors(self, name: str) -> dict[str, Tensor]:
        return {
            key: torch.from_numpy(array).to(self._device)
            for key, array in self._inputs[name].items()
        }

    @torch.no_grad()
    def _encode(self) -> NDArray[Any]:
        """FP32 [1, T, C]."""
        tensors = self._tensors(TEXT_ENCODER.name)
        embeds = self._pipeline.text_encoder(
            tensors["input_ids"].long(), attention_mask=tensors["attention_mask"].bool()
        )[0]
        return _to_host(embeds.float())

    @torch.no_grad()
    def _step(self) -> NDArray[Any]:
        """Take one step as the pipeline's `__call__` does: FP32 [1, F, H, W, L]."""
        pipeline, tensors = self._pipeline, self._tensors(TRANSFORMER.name)
        latents = tensors["latents"].permute(0, 4, 1, 2, 3)
        frames, rows, columns = latents.shape[2:]
        coordinates = pipeline._scale_video_ids(
            pipeline._prepare_video_ids(1, frames, rows, columns, device=self._device),
            scale_factor=self._config.spatial_compression,
            scale_factor_t=self._config.temporal_compression,
            frame_index=0,
        ).float()
        coordinates[:, 0] *= 1.0 / tensors["frame_rate"]
        tokens = pipeline._pack_latents(latents)
        velocity = pipeline.transformer(
            hidden_states=tokens.to(self._dtype),
            encoder_hidden_states=tensors["prompt_embeds"].to(self._dtype),
            timestep=tensors["sigma"] * 1000,
            encoder_attention_mask=tensors["attention_mask"].bool(),
            video_coords=coordinates,
            return_dict=False,
        )[0]
        tokens = tokens - (tensors["sigma"] - tensors["sigma_next"]) * velocity.float()
        latents = pipeline._unpack_latents(tokens, frames, rows, columns)
        return _to_host(latents.permute(0, 2, 3, 4, 1))

    @torch.no_grad()
    def _decode(self) -> NDArray[Any]:
        """Decode as the pipeline's `__call__` does: UINT8 [1, N, 32H, 32W, 3]."""
        vae, tensors = self._pipeline.vae, self._tensors(VAE_DECODER.name)
        latents, noise = (
            tensors[name].permute(0, 4, 1, 2, 3).to(self._dtype) for name in ("latents", "noise")
        )
        latents = self._pipeline._denormalize_latents(
            latents, vae.latents_mean, vae.latents_std, vae.config.scaling_factor
        ).to(self._dtype)
        scale = self._config.decode_noise_scale
        latents = (1 - scale) * latents + scale * noise
        timestep = torch.tensor([self._config.decode_timestep], device=self._device)
        video = vae.decode(latents, timestep.to(self._dtype), return_dict=False)[0]
        return to_bytes(self._pipeline.video_processor.postprocess_video(video, "np"))

    def _generate(self) -> NDArray[Any]:
        """UINT8 [num_frames, height, width, 3]."""
        return to_bytes(self._call())

    def _call(self) -> NDArray[np.float32]:
        return call_pipeline(
            self._pipeline,
            self._case.request,
            self._case.noise(self._config),
            decode_timestep=self._config.decode_timestep,
            decode_noise_scale=self._config.decode_noise_scale,
        )


def _to_host(tensor: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = tensor.cpu().numpy()
    return array


def main() -> None:
    diffusers.logging.set_verbosity_error()
    torch.backends.cudnn.allow_tf32 = False  # FP32 is the reference
    worker = PyTorchWorker(Case.load(Path(sys.argv[1])))
    names = (
        *("load", "compile", "outputs", "component", "request"),
        *("flops", "peak", "machine"),
    )
    serve_commands({name: getattr(worker, name) for name in names})


if __name__ == "__main__":
    main()
