"""Find the scales: run diffusers' pipeline on the prompts and watch every linear's input.

NVIDIA's ModelOpt does the same with the largest value as here ("max" calibration), but wants to
convert the torch model, weights included, and to export that; here the graph is traced without
weights, so all that is needed of calibration are two numbers for each linear.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from export.checkpoint.checkpoint import Checkpoint
from export.checkpoint.pipeline import load_pipeline
from export.checkpoint.weights import fp32_weight_bytes
from export.errors import ExportError
from export.fp8.quantize import scale_for
from export.fp8.record import Record, Scales, prompts, prompts_sha256
from export.fp8.sensitivity import RULE, Call, Layer, measure
from export.fp8.shared_scales import share_weight_scales
from export.linears import linears
from export.progress import step
from ltx_triton.engines.machine_memory import left_bytes

STEPS = 8
# pixels, pixels, frames: a default request, and a small one for a CPU
SIZES = {"cuda": (512, 512, 25), "cpu": (256, 256, 9)}
# Every 17th call of the transformer is kept to measure sensitivity: with eight steps each comes
# from another step and another prompt.
STRIDE = 2 * STEPS + 1
# Memory over the largest component's weights: an estimate that covers activations and the VAE.
MEMORY_SHARE = 1.2


def load_or_calibrate(checkpoint: Checkpoint, checkpoint_sha256: str, folder: Path) -> Record:
    """Load the record in `folder` if it fits this checkpoint; calibrate otherwise.

    Raises:
        JsonFileError: the record is damaged or of another version.
        ExportError: there is too little memory to calibrate.
    """
    file = folder / Record.FILE
    if file.is_file():
        record = Record.load(folder)
        if record.fits(checkpoint_sha256):
            print(f"fp8: calibrated already ({file})")
            return record
        print(f"fp8: {file} is of another checkpoint or other prompts")
    with step("fp8: calibrating"):
        return calibrate(checkpoint, checkpoint_sha256, folder)


def calibrate(checkpoint: Checkpoint, checkpoint_sha256: str, folder: Path) -> Record:
    """Calibrate on a GPU with room for it, else on the CPU; in FP32 where memory allows, else BF16.

    Args:
        checkpoint: to calibrate.
        checkpoint_sha256: its hash.
        folder: where an export looks for the record.

    Raises:
        ExportError: there is too little memory.
    """
    device, dtype = _choose(checkpoint, folder)
    height, width, num_frames = SIZES[device]
    texts = _encode(checkpoint, device, dtype)
    pipeline = load_pipeline(checkpoint, ("transformer", "vae"), dtype).to(device)
    pipeline.set_progress_bar_config(disable=True)
    calls: list[Call] = []
    with _watched(pipeline.transformer, len(texts) * STEPS, calls) as seen:
        for number, (embeds, mask) in enumerate(texts):
            pipeline(
                prompt_embeds=embeds.to(device),
                prompt_attention_mask=mask.to(device),
                height=height,
                width=width,
                num_frames=num_frames,
                num_inference_steps=STEPS,
                guidance_scale=1.0,
                generator=torch.Generator().manual_seed(number),
                output_type="latent",
            )
    modules = linears(pipeline.transformer)
    scales = share_weight_scales({name: seen[name].scales(module) for name, module in modules})
    layers = {name: Layer(scales[name], seen[name].work) for name, _ in modules}
    return Record(
        checkpoint_sha256=checkpoint_sha256,
        prompts_sha256=prompts_sha256(),
        arithmetic=f"{str(dtype).removeprefix('torch.')} on {device}",
        height=height,
        width=width,
        num_frames=num_frames,
        num_inference_steps=STEPS,
        rule=RULE,
        groups=measure(pipeline.transformer, layers, calls),
    )


class _Seen:
    """Largest input of a linear so far, and its multiplications."""

    def __init__(self) -> None:
        self.largest = 0.0
        self.work = 0.0

    def __call__(self, module: nn.Linear, arguments: tuple[Tensor, ...]) -> None:
        (values,) = arguments
        self.largest = max(self.largest, values.abs().max().item())
        self.work += float(values.numel()) * module.out_features

    def scales(self, module: nn.Linear) -> Scales:
        weight = module.weight.abs().max().item()
        return Scales(scale_for(self.largest), scale_for(weight))


def copy_hint(folder: Path) -> str:
    """Say what to do on a machine that cannot calibrate for an export that looks in `folder`."""
    return f"calibrate on another machine and copy its {Record.FILE} to {folder}"


def free_gpu_bytes() -> int:
    """Return the GPU's free memory, 0 without a GPU. Opens a CUDA context in this process."""
    return torch.cuda.mem_get_info()[0] if torch.cuda.is_available() else 0


@contextmanager
def _watched(model: nn.Module, expected: int, calls: list[Call]) -> Iterator[dict[str, _Seen]]:
    """Watch the inputs of all linears while the pipeline runs; keep every 17th call of `model`."""
    seen = {name: _Seen() for name, _ in linears(model)}
    handles = [module.register_forward_pre_hook(seen[name]) for name, module in linears(model)]
    with tqdm(total=expected, desc="fp8 calibration", unit="step") as bar:

        def keep(_: nn.Module, __: Any, call: Call) -> None:
            if bar.n % STRIDE == 0:
                calls.append(dict(call))
            bar.update()

        handles.append(model.register_forward_pre_hook(keep, with_kwargs=True))
        try:
            yield seen
        finally:
            for handle in handles:
                handle.remove()


@torch.no_grad()
def _encode(checkpoint: Checkpoint, device: str, dtype: torch.dtype) -> list[tuple[Tensor, Tensor]]:
    """Embed each prompt; free the text encoder before the transformer is loaded."""
    pipeline = load_pipeline(checkpoint, ("text_encoder",), dtype).to(device)
    return [
        tuple(
            tensor.cpu()
            for tensor in pipeline.encode_prompt(prompt, do_classifier_free_guidance=False)[:2]
        )
        for prompt in prompts()
    ]


def _choose(checkpoint: Checkpoint, folder: Path) -> tuple[str, torch.dtype]:
    fp32 = MEMORY_SHARE * max(
        fp32_weight_bytes(checkpoint.weights(component).values())
        for component in ("transformer", "text_encoder")
    )
    available = {"cpu": left_bytes()}
    if gpu_bytes := free_gpu_bytes():
        available = {"cuda": gpu_bytes, **available}
    for device, memory in available.items():
        if fp32 <= memory:
            return device, torch.float32
        if fp32 / 2 <= memory:
            return device, torch.bfloat16
    found = " and ".join(f"{size / 1e9:.1f} GB on the {name}" for name, size in available.items())
    raise ExportError(
        f"FP8 calibration takes about {fp32 / 2e9:.1f} GB of memory; available are {found}; "
        f"{copy_hint(folder)}"
    )
