"""Train the transformer and the text encoder together, by rectified flow."""

from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
import torch
from diffusers.pipelines.ltx.pipeline_ltx_condition import linear_quadratic_schedule
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import T5TokenizerFast

from demo.shapes.attributes import Background, Colour, Motion, Shape, Size
from demo.shapes.captions import caption
from demo.shapes.sampling import sample_attributes, sample_scene
from demo.shapes.scene import Attributes, Scene
from demo.training.latents import SPATIAL, TEMPORAL, Statistics, target_latents
from demo.training.loop import Loop, Stage, stack
from demo.training.models import new_text_encoder, new_transformer
from export.graphs.attention import ExportAttention
from export.graphs.rotary import RotaryPositions
from export.graphs.transformer import TransformerGraph

STAGES = (
    Stage(800, 2e-2, 2e-3),
    Stage(1600, 1e-2, 1e-3),
    Stage(1600, 1e-2, 1e-3),
    Stage(1400, 1e-2, 1e-3),
    Stage(1300, 1e-2, 1e-3),
    Stage(1000, 1e-2, 1e-3),
    Stage(1000, 1e-2, 1e-3),
    Stage(1000, 1e-2, 1e-3),
    Stage(900, 6e-3, 6e-4),
    Stage(600, 6e-3, 6e-4),
    Stage(900, 3e-3, 3e-4),
    Stage(2000, 4e-3, 4e-4),
)
PROBED_STAGES = 9  # those behind them can start from a checkpoint, which has no probes
_WORD_BLOCK, _POSE_BLOCK, _VIEW_BLOCK = 1, 2, 3
_SHAPE_WEIGHT = 3.0  # of tokens near the shape; the others have little to learn
_POSE_SCALE = (3.0, 3.0, 10.0, 1.0, 1.0)  # equalises the variances of a pose
_WORDS = (Shape, Colour, Size, Background, Motion)  # in the order of `Attributes`
_TEXT_LENGTH = 40  # tokens, as many as the longest captions have


@dataclass(frozen=True)
class ClipSize:
    height: int  # pixels
    width: int  # pixels
    num_frames: int
    fps: int

    @property
    def tokens(self) -> int:
        frames = (self.num_frames - 1) // TEMPORAL + 1
        return frames * (self.height // SPATIAL) * (self.width // SPATIAL)


@dataclass(frozen=True)
class StageData:
    tokens: int  # per batch
    sizes: tuple[ClipSize, ...]
    scheduled: float  # share of noise levels from `_SCHEDULE`; the others are uniform
    level_weights: Tensor  # relative frequency of each level in `_SCHEDULE`
    hard: float = 0.0  # minimum share of hard clips
    first: float = 0.5  # share of batches of the first sizes
    first_sizes: int = 1
    probe_weight: float = 0.3
    compiled: bool = True  # takes torch a minute for each size


_SMALL = (ClipSize(256, 256, 25, 8), ClipSize(128, 128, 25, 8), ClipSize(192, 256, 33, 12))
_LARGE = (
    ClipSize(512, 512, 25, 8),
    ClipSize(256, 256, 25, 8),
    ClipSize(256, 256, 81, 8),
    ClipSize(384, 512, 33, 16),
)
# Every width and height that the decoder draws well, up to the area of the default size.
_RECTANGLES = (
    ClipSize(512, 512, 25, 8),
    *(
        ClipSize(SPATIAL * rows, SPATIAL * columns, 25, 8)
        for rows, columns in product(range(8, 33), repeat=2)
        if rows * columns <= 16**2
    ),
)
_USUAL = tuple(
    size for size in _RECTANGLES if max(size.width, size.height) <= 2 * min(size.width, size.height)
)
# What the service offers: every width and height from 384 to 672 pixels within that area.
_OFFERED = (
    ClipSize(512, 512, 25, 8),
    ClipSize(384, 672, 25, 8),
    ClipSize(672, 384, 25, 8),
    ClipSize(512, 512, 49, 16),
    ClipSize(512, 512, 73, 24),
    *(size for size in _RECTANGLES[1:] if min(size.width, size.height) >= 384),
)
_SCHEDULE = linear_quadratic_schedule(8)  # noise levels of 8 denoising steps
_EVENLY = torch.ones_like(_SCHEDULE)
# Rarer for the first steps, which are short and remove little noise.
_BY_STEP = torch.diff(_SCHEDULE, append=torch.zeros(1)).abs().sqrt()
STAGE_DATA = (
    StageData(6144, _SMALL, 0.5, _EVENLY),
    StageData(8192, _LARGE, 0.5, _EVENLY),
    StageData(8192, _LARGE, 0.8, _EVENLY),
    StageData(8192, _LARGE, 0.8, _EVENLY),
    StageData(8192, _LARGE, 0.8, _BY_STEP),
    StageData(8192, _LARGE, 0.8, _BY_STEP, hard=0.35),
    StageData(8192, _LARGE, 0.8, _BY_STEP, hard=0.5),
    StageData(8192, _LARGE, 0.8, _BY_STEP, hard=0.5),
    StageData(8192, _LARGE, 0.8, _BY_STEP, hard=0.35),
    StageData(
        4608, _RECTANGLES, 0.8, _BY_STEP, hard=0.35, first=0.25, probe_weight=0.0, compiled=False
    ),
    StageData(4608, _USUAL, 0.8, _BY_STEP, hard=0.35, first=0.25, probe_weight=0.0, compiled=False),
    StageData(
        4608,
        _OFFERED,
        0.8,
        _BY_STEP,
        hard=0.35,
        first=0.7,
        first_sizes=5,
        probe_weight=0.0,
        compiled=False,
    ),
)


@dataclass(frozen=True)
class Batch:
    latents: Tensor  # FP32 [B, F, H, W, L], normalised
    input_ids: Tensor  # INT64 [B, T]
    attention_mask: Tensor  # INT64 [B, T]
    frame_rate: Tensor  # FP32 [B, 1]
    attributes: Tensor  # INT64 [B, 5], indices into the enums of `_WORDS`
    poses: Tensor  # FP32 [B, F, 8, 5]: x, y, radius, cosine and sine of the angle by frame


@dataclass(frozen=True)
class ProbeOutputs:
    """Predictions of the probes for each token."""

    words: Tensor  # [B, F * H * W, 34]: position, and logits of the attributes
    poses: Tensor  # [B, F * H * W, 40]: pose of the shape by frame, relative to the token
    views: Tensor  # [B, F * H * W, 16]: position of the token by frame, in the shape's axes


class TrainingAttention(ExportAttention):
    """Plain attention: on a CPU, the gradient of torch's fused attention takes twice as long."""

    def attend(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None) -> Tensor:
        scores = query @ key.transpose(2, 3)
        if bias is not None:
            scores = scores + bias.to(scores.dtype)
        return scores.softmax(dim=-1).to(value.dtype) @ value


class TextToLatents(nn.Module):
    """The text encoder, and the transformer as the engines run it, with linear probes.

    The probes predict from hidden states of early blocks the position of each token and the
    attributes in the caption, one block later the pose of the shape, and one block later the
    position of the token in the shape's (rotated) axes. Without them, as positions are relative and
    tokens are noise at first, the model learns one axis and one word after another, each after
    hundreds of steps.
    """

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.text_encoder = new_text_encoder(vocab_size)
        self.transformer = new_transformer()
        self.transformer.set_attn_processor(TrainingAttention())
        # Start with zero velocity.
        nn.init.zeros_(self.transformer.proj_out.weight)
        nn.init.zeros_(self.transformer.proj_out.bias)
        positions = RotaryPositions(self.transformer.rope, SPATIAL, TEMPORAL)
        self.graph = TransformerGraph(self.transformer, positions)
        width = self.transformer.config.cross_attention_dim
        self.word_probe = nn.Linear(width, 3 + sum(map(len, _WORDS)))
        self.pose_probe = nn.Linear(width, TEMPORAL * len(_POSE_SCALE))
        self.view_probe = nn.Linear(width, TEMPORAL * 2)
        self._hidden_states: dict[int, Tensor] = {}
        for block in (_WORD_BLOCK, _POSE_BLOCK, _VIEW_BLOCK):
            self.transformer.transformer_blocks[block].register_forward_hook(
                partial(self._record, block)
            )

    def forward(self, noisy: Tensor, sigma: Tensor, batch: Batch) -> tuple[Tensor, ProbeOutputs]:
        """Run the model; `sigma` is FP32 [B, 1].

        Returns:
            The velocity, noise minus video, [B, F, H, W, L]; the outputs of the probes.
        """
        embeds = self.text_encoder(batch.input_ids, attention_mask=batch.attention_mask)[0]
        velocity = self.graph.velocity(noisy, embeds, batch.attention_mask, batch.frame_rate, sigma)
        return velocity, ProbeOutputs(
            words=self.word_probe(self._hidden_states[_WORD_BLOCK]),
            poses=self.pose_probe(self._hidden_states[_POSE_BLOCK]),
            views=self.view_probe(self._hidden_states[_VIEW_BLOCK]),
        )

    def _record(self, block: int, _: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:  # noqa: ARG002
        self._hidden_states[block] = output


class Clips:
    def __init__(self, tokenizer_folder: Path, statistics: Statistics) -> None:
        self._tokenizer = T5TokenizerFast.from_pretrained(tokenizer_folder)
        self._statistics = statistics

    def sample(self, random: Random, size: ClipSize, batch: int, hard: float = 0.0) -> Batch:
        """Sample training clips.

        Args:
            random: source of randomness.
            size: of all clips.
            batch: number of clips.
            hard: minimum share of hard clips, which are learned last.
        """
        captions, latents, numbers, poses = [], [], [], []
        for _ in range(batch):
            attributes = sample_attributes(random, held_out=False)
            must_be_hard = random.random() < hard
            while must_be_hard and not _is_hard(attributes):
                attributes = sample_attributes(random, held_out=False)
            scene = sample_scene(random, attributes)
            captions.append(caption(attributes, random, complete=False))
            values = astuple(attributes)
            numbers.append(
                [list(words).index(word) for words, word in zip(_WORDS, values, strict=True)]
            )
            cells = target_latents(
                scene,
                height=size.height,
                width=size.width,
                num_frames=size.num_frames,
                fps=size.fps,
            )
            latents.append(self._statistics.normalise(cells))
            poses.append(_poses(scene, size))
        tokens = self._tokenizer(
            captions,
            padding="max_length",
            max_length=_TEXT_LENGTH,
            truncation=True,
            return_tensors="pt",
        )
        return Batch(
            latents=stack(latents),
            input_ids=tokens["input_ids"],
            attention_mask=tokens["attention_mask"],
            frame_rate=torch.full((batch, 1), float(size.fps)),
            attributes=torch.tensor(numbers),
            poses=stack(poses),
        )


def train(
    model: TextToLatents, clips: Clips, folder: Path, seed: int, *, first_stage: int = 0
) -> None:
    """Train; leave the averaged weights in the model."""
    compiled = torch.compile(model, dynamic=False)

    def loss(stage: int, random: Random) -> Tensor:
        data = STAGE_DATA[stage]
        first, others = data.sizes[: data.first_sizes], data.sizes[data.first_sizes :]
        size = random.choice(first if random.random() < data.first else others)
        size = replace(size, fps=random.choice((size.fps, size.fps, 8, 12, 24)))
        batch = clips.sample(random, size, data.tokens // size.tokens, data.hard)
        return flow_loss(compiled if data.compiled else model, batch, data)

    loop = Loop(model, STAGES, folder, "transformer", seed, first_stage=first_stage)
    loop.run(loss)
    model.load_state_dict(loop.averaged.state_dict())


def flow_loss(
    model: Callable[[Tensor, Tensor, Batch], tuple[Tensor, ProbeOutputs]],
    batch: Batch,
    data: StageData,
) -> Tensor:
    """Return the weighted mean squared error of the velocity, plus a share of the probes' loss.

    X. Liu et al., "Flow Straight and Fast", 2022, equation 1.

    Args:
        model: returns velocities and the outputs of the probes.
        batch: the clips.
        data: of the stage.
    """
    count = batch.latents.shape[0]
    drawn = _SCHEDULE[torch.multinomial(data.level_weights, count, replacement=True)]
    sigma = torch.where(torch.rand(count) < data.scheduled, drawn, torch.rand(count))[:, None]
    noise = torch.randn_like(batch.latents)
    weight = sigma[:, :, None, None, None]
    noisy = (1 - weight) * batch.latents + weight * noise
    with torch.autocast("cpu", torch.bfloat16):
        velocity, probes = model(noisy, sigma, batch)
    errors = (velocity - (noise - batch.latents)).square().mean(dim=-1).flatten(1)
    weights = torch.where(is_near_shape(batch), _SHAPE_WEIGHT, 1.0)
    loss = (weights * errors).sum() / weights.sum()
    return loss + data.probe_weight * probe_loss(probes, batch)


def probe_loss(probes: ProbeOutputs, batch: Batch) -> Tensor:
    """Sum the squared errors of positions, poses and views, and the mean cross entropy of words."""
    positions, *words = torch.split(probes.words.float(), [3, *map(len, _WORDS)], dim=-1)
    loss = nn.functional.mse_loss(positions, token_positions(batch.latents))
    poses = token_poses(batch)
    loss += nn.functional.mse_loss(probes.poses.float(), poses)
    loss += nn.functional.mse_loss(probes.views.float(), token_views(poses))
    for logits, numbers in zip(words, batch.attributes.unbind(1), strict=True):
        expected = numbers[:, None].expand(logits.shape[:-1])
        loss += nn.functional.cross_entropy(logits.flatten(0, 1), expected.flatten()) / len(_WORDS)
    return loss


def token_positions(latents: Tensor) -> Tensor:
    """Return frame, row and column of each token, in -1..1: [B, F * H * W, 3]."""
    batch, *sides, _ = latents.shape
    axes = [torch.linspace(-1, 1, side) for side in sides]
    positions = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)
    return positions.reshape(1, -1, 3).expand(batch, -1, -1)


def token_poses(batch: Batch) -> Tensor:
    """Return scaled poses relative to each token: [B, F * H * W, 40]."""
    rows, columns = batch.latents.shape[2:4]
    side = min(rows, columns)
    y, x = ((torch.arange(cells) + 0.5 - cells / 2) / side for cells in (rows, columns))
    origin = torch.zeros(rows, columns, 1, len(_POSE_SCALE))
    origin[..., 0], origin[..., 1] = x[None, :, None], y[:, None, None]
    relative = (batch.poses[:, :, None, None] - origin) * torch.tensor(_POSE_SCALE)
    return relative.flatten(4).flatten(1, 3)


def is_near_shape(batch: Batch) -> Tensor:
    """Mark the tokens less than a cell away from the shape: BOOL [B, F * H * W]."""
    scaled = token_poses(batch)
    poses = scaled.reshape(*scaled.shape[:2], TEMPORAL, -1) / torch.tensor(_POSE_SCALE)
    x, y, radius, *_ = poses.unbind(-1)
    cell = 1 / min(batch.latents.shape[2:4])
    near: Tensor = torch.hypot(x, y) < radius + cell
    return near.any(dim=-1)


def token_views(poses: Tensor) -> Tensor:
    """Return the position of each token in the shape's rotated axes: [B, F * H * W, 16], scaled.

    Args:
        poses: from `token_poses`.
    """
    x, y, _, cosine, sine = poses.reshape(*poses.shape[:-1], TEMPORAL, -1).unbind(-1)
    return torch.stack([-x * cosine - y * sine, x * sine - y * cosine], dim=-1).flatten(-2)


def _is_hard(attributes: Attributes) -> bool:
    fast = attributes.motion in (Motion.SPINNING, Motion.BOUNCING)
    return fast and attributes.shape is not Shape.CIRCLE


def _poses(scene: Scene, size: ClipSize) -> NDArray[np.float32]:
    """Return the poses of each latent frame, [F, 8, 5]; the first repeats a single frame."""
    seconds = np.arange(size.num_frames) / size.fps
    side = min(size.height, size.width)
    pose = scene.pose(seconds, (size.width / side, size.height / side))
    values = np.stack([pose.x, pose.y, pose.radius, np.cos(pose.angle), np.sin(pose.angle)], -1)
    values = np.concatenate([np.repeat(values[:1], TEMPORAL - 1, axis=0), values])
    poses: NDArray[np.float32] = values.reshape(-1, TEMPORAL, values.shape[-1]).astype(np.float32)
    return poses
