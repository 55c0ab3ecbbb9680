"""Train the decoder to render latents, and the encoder to recover them."""

import math
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
from diffusers import AutoencoderKLLTXVideo
from torch import Tensor, nn
from torch.nn import functional

from demo.shapes.render import render
from demo.shapes.sampling import sample_attributes, sample_scene
from demo.training.latents import DISTANCES, SPATIAL, TEMPORAL, target_latents
from demo.training.loop import Loop, Stage, stack

# Batches of single frames are large and cheap: they teach to draw; clips then teach motion.
STAGES = (Stage(1200, 4e-2, 2e-3), Stage(3000, 2e-2, 1e-3), Stage(4000, 1e-2, 5e-4))


@dataclass(frozen=True)
class CropPlan:
    cells: int  # rows and columns
    latent_frames: tuple[int, ...]  # sampled per batch
    batches: dict[int, int]  # latent frames -> batch size


_CLIPS = CropPlan(cells=4, latent_frames=(1, 2, 2, 3), batches={1: 16, 2: 4, 3: 2})
_CROPS = (CropPlan(cells=2, latent_frames=(1,), batches={1: 32}), _CLIPS, _CLIPS)


@dataclass(frozen=True)
class Crops:
    frames: Tensor  # FP32 [B, 3, N, 32 * rows, 32 * columns], -1..1
    latents: Tensor  # FP32 [B, L, F, rows, columns], not normalised


def train_decoder(autoencoder: AutoencoderKLLTXVideo, folder: Path, seed: int) -> None:
    """Train the decoder; leave the averaged weights in it."""
    decoder = autoencoder.decoder
    _zero_residuals(decoder)
    decoder.to(memory_format=torch.channels_last_3d)
    loop = Loop(decoder, STAGES, folder, "decoder", seed)
    loop.run(lambda stage, random: decoder_loss(decoder, _batch(stage, random)))
    decoder.load_state_dict(loop.averaged.state_dict())


def train_encoder(
    autoencoder: AutoencoderKLLTXVideo, deviations: Tensor, folder: Path, seed: int
) -> None:
    """Train the encoder; leave the averaged weights in it."""
    encoder = autoencoder.encoder
    _zero_residuals(encoder)
    encoder.to(memory_format=torch.channels_last_3d)
    loop = Loop(encoder, STAGES, folder, "encoder", seed)
    loop.run(lambda stage, random: encoder_loss(encoder, _batch(stage, random), deviations))
    encoder.load_state_dict(loop.averaged.state_dict())


def _zero_residuals(module: nn.Module) -> None:
    """Start each residual block as the identity."""
    for name, parameter in module.named_parameters():
        if name.endswith("conv2.conv.weight"):
            nn.init.zeros_(parameter)


def _batch(stage: int, random: Random) -> Crops:
    plan = _CROPS[stage]
    latent_frames = random.choice(plan.latent_frames)
    batch = plan.batches[latent_frames]
    return sample_crops(random, batch, cells=plan.cells, latent_frames=latent_frames)


def sample_crops(random: Random, batch: int, *, cells: int, latent_frames: int) -> Crops:
    """Sample crops of `cells` rows and columns; most show a part of the outline."""
    num_frames = TEMPORAL * (latent_frames - 1) + 1
    frames, latents = [], []
    for _ in range(batch):
        scene = sample_scene(random, sample_attributes(random, held_out=False))
        height, width = (SPATIAL * random.choice((6, 8, 8, 12, 16, 16, 16, 20)) for _ in range(2))
        fps = random.choice((8, 8, 8, 12, 16, 24, 30))
        first_frame = random.randrange(0, 4 * fps)
        side = min(height, width)
        seconds = np.array([(first_frame + random.randrange(num_frames)) / fps])
        pose = scene.pose(seconds, (width / side, height / side))
        direction, distance = random.uniform(0, 2 * math.pi), random.uniform(0.2, 1.1)
        near_x = width / 2 + side * (pose.x[0] + pose.radius[0] * distance * math.cos(direction))
        near_y = height / 2 + side * (pose.y[0] + pose.radius[0] * distance * math.sin(direction))
        row, column = (
            min(max(round(near / SPATIAL - cells / 2 + random.uniform(-1, 1)), 0), total - cells)
            for near, total in ((near_y, height // SPATIAL), (near_x, width // SPATIAL))
        )
        whole = target_latents(
            scene,
            height=height,
            width=width,
            num_frames=num_frames,
            fps=fps,
            first_frame=first_frame,
        )
        latents.append(whole[:, row : row + cells, column : column + cells])
        frames.append(
            render(
                scene,
                height=height,
                width=width,
                num_frames=num_frames,
                fps=fps,
                first_frame=first_frame,
                rows=slice(SPATIAL * row, SPATIAL * (row + cells)),
                columns=slice(SPATIAL * column, SPATIAL * (column + cells)),
            )
        )
    return Crops(
        frames=stack(frames).permute(0, 4, 1, 2, 3).float() / 127.5 - 1,
        latents=stack(latents).permute(0, 4, 1, 2, 3).contiguous(),
    )


def decoder_loss(decoder: nn.Module, crops: Crops) -> Tensor:
    """Compare rendered frames with the true ones: L1, L2, and L1 of the spatial gradients.

    Latents get noise as in the pipeline (at timestep t, a scale of t / 2), or up to twice as much
    for the errors of the transformer.
    """
    batch = crops.latents.shape[0]
    timestep = 0.1 * torch.rand(batch)
    scale = (timestep * (0.5 + 0.5 * torch.rand(batch)))[:, None, None, None, None]
    noisy = (1 - scale) * crops.latents + scale * torch.randn_like(crops.latents)
    with torch.autocast("cpu", torch.bfloat16):
        rendered = decoder(noisy.contiguous(memory_format=torch.channels_last_3d), timestep)
    rendered = rendered.float()
    loss = functional.l1_loss(rendered, crops.frames) + functional.mse_loss(rendered, crops.frames)
    for axis in (3, 4):
        loss = loss + functional.l1_loss(rendered.diff(dim=axis), crops.frames.diff(dim=axis))
    return loss


def encoder_loss(encoder: nn.Module, crops: Crops, deviations: Tensor) -> Tensor:
    """Compare encoded latents with the true ones, in standard deviations [L] of the channels.

    Colours (few channels) weigh as much as distances (many). The variance of the posterior learns
    the expected error; its gradient does not reach the mean.
    """
    with torch.autocast("cpu", torch.bfloat16):
        moments = encoder(crops.frames.contiguous(memory_format=torch.channels_last_3d))
    channels = crops.latents.shape[1]
    mean, log_variance = moments[:, :channels].float(), moments[:, channels:].float()
    error = (mean - crops.latents).square()
    log_variance = log_variance.clamp(-14, 2)
    likelihood = error.detach() * torch.exp(-log_variance) + log_variance
    relative = error / deviations[:, None, None, None].square()
    distances, colours = relative[:, :DISTANCES], relative[:, DISTANCES:]
    loss: Tensor = (distances.mean() + colours.mean()) / 2 + 0.01 * likelihood.mean()
    return loss
