"""Trains the transformer and the text encoder together, by rectified flow."""

from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from functools import partial
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
)
_WORD_BLOCK, _POSE_BLOCK, _VIEW_BLOCK, _PROBE_WEIGHT = 1, 2, 3, 0.3
_SHAPE_WEIGHT = 3.0  # of tokens that see the shape; most do not and have little to learn
_POSE_SCALE = (3.0, 3.0, 10.0, 1.0, 1.0)  # brings all of a pose to about the same variance
_WORDS = (Shape, Colour, Size, Background, Motion)  # in the order of `Attributes`
_TEXT_LENGTH = 40  # tokens; the longest captions have as many


@dataclass(frozen=True)
class ClipSize:
    """What all clips of a batch have in common."""

    height: int  # pixels
    width: int  # pixels
    num_frames: int
    fps: int

    @property
    def tokens(self) -> int:
        """How many the transformer sees."""
        frames = (self.num_frames - 1) // TEMPORAL + 1
        return frames * (self.height // SPATIAL) * (self.width // SPATIAL)


@dataclass(frozen=True)
class Diet:
    """What the clips of a stage are like."""

    tokens: int  # of a batch
    sizes: tuple[ClipSize, ...]  # half of the batches have the first one; torch compiles for each
    scheduled: float  # share of the noise levels that are in `_SCHEDULE`; the others are uniform
    levels: Tensor  # how often each of those, up to a factor
    demanding: float = 0.0  # share of the clips that are surely such as are learned last


_SMALL = (ClipSize(256, 256, 25, 8), ClipSize(128, 128, 25, 8), ClipSize(192, 256, 33, 12))
_LARGE = (
    ClipSize(512, 512, 25, 8),
    ClipSize(256, 256, 25, 8),
    ClipSize(256, 256, 81, 8),
    ClipSize(384, 512, 33, 16),
)
_SCHEDULE = linear_quadratic_schedule(8)  # noise levels that a video of 8 steps meets
_EVENLY = torch.ones_like(_SCHEDULE)
# Less often those of the short first steps, which leave a clip as much noise as before.
_BY_STEP = torch.diff(_SCHEDULE, append=torch.zeros(1)).abs().sqrt()
_DIETS = (
    Diet(6144, _SMALL, 0.5, _EVENLY),
    Diet(8192, _LARGE, 0.5, _EVENLY),
    Diet(8192, _LARGE, 0.8, _EVENLY),
    Diet(8192, _LARGE, 0.8, _EVENLY),
    Diet(8192, _LARGE, 0.8, _BY_STEP),
    Diet(8192, _LARGE, 0.8, _BY_STEP, demanding=0.35),
    Diet(8192, _LARGE, 0.8, _BY_STEP, demanding=0.5),
    Diet(8192, _LARGE, 0.8, _BY_STEP, demanding=0.5),
    Diet(8192, _LARGE, 0.8, _BY_STEP, demanding=0.35),
)


@dataclass(frozen=True)
class Batch:
    """Clips with captions."""

    latents: Tensor  # FP32 [B, F, H, W, L], normalised
    input_ids: Tensor  # INT64 [B, T]
    attention_mask: Tensor  # INT64 [B, T]
    frame_rate: Tensor  # FP32 [B, 1]
    attributes: Tensor  # INT64 [B, 5], numbers of the members of `_WORDS`
    poses: Tensor  # FP32 [B, F, 8, 5]: in each frame x, y, radius, cosine and sine of the angle


@dataclass(frozen=True)
class Probed:
    """What the probes say of each token."""

    words: Tensor  # [B, F * H * W, 34]: its place, and logits of the members of `_WORDS`
    poses: Tensor  # [B, F * H * W, 40]: the shape's pose in each frame, seen from the token
    views: Tensor  # [B, F * H * W, 16]: where the token is in each frame, seen from the shape


class TrainingAttention(ExportAttention):
    """On a CPU the gradient of torch's fused attention takes twice as long as this."""

    def attend(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None) -> Tensor:
        """Attention proper."""
        scores = query @ key.transpose(2, 3)
        if bias is not None:
            scores = scores + bias.to(scores.dtype)
        return scores.softmax(dim=-1).to(value.dtype) @ value


class TextToLatents(nn.Module):
    """The text encoder, and the transformer as the engines run it.

    Probes have to tell from the hidden states of early blocks where each token is, what the
    caption says, a block later where that puts the shape, and another one later where the token is
    seen from the shape, which may be turned. The model gets no positions but
    relative ones, and its tokens are noise at first; left alone it finds out about one axis and
    one word after another, each after hundreds of steps.
    """

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.text_encoder = new_text_encoder(vocab_size)
        self.transformer = new_transformer()
        self.transformer.set_attn_processor(TrainingAttention())
        # The first prediction is nothing rather than anything.
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
                partial(self._keep, block)
            )

    def forward(self, noisy: Tensor, sigma: Tensor, batch: Batch) -> tuple[Tensor, Probed]:
        """Run the model; `sigma` is FP32 [B, 1].

        Returns:
            The velocity, noise minus video, [B, F, H, W, L]; what the probes say.
        """
        embeds = self.text_encoder(batch.input_ids, attention_mask=batch.attention_mask)[0]
        velocity = self.graph.velocity(noisy, embeds, batch.attention_mask, batch.frame_rate, sigma)
        return velocity, Probed(
            words=self.word_probe(self._hidden_states[_WORD_BLOCK]),
            poses=self.pose_probe(self._hidden_states[_POSE_BLOCK]),
            views=self.view_probe(self._hidden_states[_VIEW_BLOCK]),
        )

    def _keep(self, block: int, _: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:  # noqa: ARG002
        self._hidden_states[block] = output


class Clips:
    """Draws batches."""

    def __init__(self, tokenizer_folder: Path, statistics: Statistics) -> None:
        self._tokenizer = T5TokenizerFast.from_pretrained(tokenizer_folder)
        self._statistics = statistics

    def sample(self, random: Random, size: ClipSize, batch: int, demanding: float = 0.0) -> Batch:
        """Draw clips that the demo checkpoint may learn from.

        Args:
            random: what to draw with.
            size: of all clips.
            batch: how many.
            demanding: share of clips that surely are such as are learned last.
        """
        captions, latents, numbers, poses = [], [], [], []
        for _ in range(batch):
            attributes = sample_attributes(random, held_out=False)
            wanted = random.random() < demanding
            while wanted and not _is_demanding(attributes):
                attributes = sample_attributes(random, held_out=False)
            scene = sample_scene(random, attributes)
            captions.append(caption(attributes, random, complete=False))
            said = astuple(attributes)
            numbers.append(
                [list(words).index(word) for words, word in zip(_WORDS, said, strict=True)]
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


def train(model: TextToLatents, clips: Clips, folder: Path, seed: int) -> None:
    """Train until done; the model has the averaged weights then."""
    compiled = torch.compile(model, dynamic=False)

    def loss(stage: int, random: Random) -> Tensor:
        diet = _DIETS[stage]
        first, *others = diet.sizes
        size = first if random.random() < 0.5 else random.choice(others)
        size = replace(size, fps=random.choice((size.fps, size.fps, 8, 12, 24)))
        batch = clips.sample(random, size, diet.tokens // size.tokens, diet.demanding)
        return flow_loss(compiled, batch, diet.scheduled, diet.levels)

    loop = Loop(model, STAGES, folder, "transformer", seed)
    loop.run(loss)
    model.load_state_dict(loop.averaged.state_dict())


def flow_loss(
    model: Callable[[Tensor, Tensor, Batch], tuple[Tensor, Probed]],
    batch: Batch,
    scheduled: float,
    levels: Tensor,
) -> Tensor:
    """Weighted mean squared error of the velocity, and a share of the probes' loss.

    X. Liu et al., "Flow Straight and Fast", 2022, equation 1.

    Args:
        model: returns velocities and what its probes say.
        batch: the clips.
        scheduled: share of the noise levels that are those of the default schedule.
        levels: FP32 [8], how often each of them, up to a factor.
    """
    count = batch.latents.shape[0]
    drawn = _SCHEDULE[torch.multinomial(levels, count, replacement=True)]
    sigma = torch.where(torch.rand(count) < scheduled, drawn, torch.rand(count))[:, None]
    noise = torch.randn_like(batch.latents)
    weight = sigma[:, :, None, None, None]
    noisy = (1 - weight) * batch.latents + weight * noise
    with torch.autocast("cpu", torch.bfloat16):
        velocity, probed = model(noisy, sigma, batch)
    errors = (velocity - (noise - batch.latents)).square().mean(dim=-1).flatten(1)
    weights = torch.where(sees_shape(batch), _SHAPE_WEIGHT, 1.0)
    loss = (weights * errors).sum() / weights.sum()
    return loss + _PROBE_WEIGHT * probe_loss(probed, batch)


def probe_loss(probed: Probed, batch: Batch) -> Tensor:
    """Mean squared errors of places, poses and views, and the mean cross entropy of the words."""
    places, *words = torch.split(probed.words.float(), [3, *map(len, _WORDS)], dim=-1)
    loss = nn.functional.mse_loss(places, token_places(batch.latents))
    poses = token_poses(batch)
    loss += nn.functional.mse_loss(probed.poses.float(), poses)
    loss += nn.functional.mse_loss(probed.views.float(), token_views(poses))
    for logits, numbers in zip(words, batch.attributes.unbind(1), strict=True):
        said = numbers[:, None].expand(logits.shape[:-1])
        loss += nn.functional.cross_entropy(logits.flatten(0, 1), said.flatten()) / len(_WORDS)
    return loss


def token_places(latents: Tensor) -> Tensor:
    """Frame, row and column of each token of latents [B, F, H, W, L], -1..1: [B, F * H * W, 3]."""
    batch, *sides, _ = latents.shape
    axes = [torch.linspace(-1, 1, side) for side in sides]
    places = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)
    return places.reshape(1, -1, 3).expand(batch, -1, -1)


def token_poses(batch: Batch) -> Tensor:
    """Scaled poses with the centre seen from each token: [B, F * H * W, 40]."""
    rows, columns = batch.latents.shape[2:4]
    side = min(rows, columns)
    y, x = ((torch.arange(cells) + 0.5 - cells / 2) / side for cells in (rows, columns))
    here = torch.zeros(rows, columns, 1, len(_POSE_SCALE))
    here[..., 0], here[..., 1] = x[None, :, None], y[:, None, None]
    seen = (batch.poses[:, :, None, None] - here) * torch.tensor(_POSE_SCALE)
    return seen.flatten(4).flatten(1, 3)


def sees_shape(batch: Batch) -> Tensor:
    """Which tokens have the shape, or its edge, less than a cell away: BOOL [B, F * H * W]."""
    scaled = token_poses(batch)
    poses = scaled.reshape(*scaled.shape[:2], TEMPORAL, -1) / torch.tensor(_POSE_SCALE)
    x, y, radius, *_ = poses.unbind(-1)
    cell = 1 / min(batch.latents.shape[2:4])
    seeing: Tensor = torch.hypot(x, y) < radius + cell
    return seeing.any(dim=-1)


def token_views(poses: Tensor) -> Tensor:
    """Tokens seen from the shape, right and down as it is turned: [B, F * H * W, 16], as scaled.

    Args:
        poses: of `token_poses`.
    """
    x, y, _, cosine, sine = poses.reshape(*poses.shape[:-1], TEMPORAL, -1).unbind(-1)
    return torch.stack([-x * cosine - y * sine, x * sine - y * cosine], dim=-1).flatten(-2)


def _is_demanding(attributes: Attributes) -> bool:
    fast = attributes.motion in (Motion.SPINNING, Motion.BOUNCING)
    return fast and attributes.shape is not Shape.CIRCLE


def _poses(scene: Scene, size: ClipSize) -> NDArray[np.float32]:
    """Of the frames of each latent frame, [F, 8, 5]; the first one covers one frame only."""
    seconds = np.arange(size.num_frames) / size.fps
    side = min(size.height, size.width)
    pose = scene.pose(seconds, (size.width / side, size.height / side))
    values = np.stack([pose.x, pose.y, pose.radius, np.cos(pose.angle), np.sin(pose.angle)], -1)
    values = np.concatenate([np.repeat(values[:1], TEMPORAL - 1, axis=0), values])
    poses: NDArray[np.float32] = values.reshape(-1, TEMPORAL, values.shape[-1]).astype(np.float32)
    return poses
