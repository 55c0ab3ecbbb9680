import math
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from demo.training.latents import CHANNELS
from demo.training.transformer import (
    STAGE_DATA,
    Batch,
    ProbeOutputs,
    StageData,
    flow_loss,
    is_near_shape,
    token_poses,
    token_positions,
    token_views,
)

LENGTHS = (4, 10, 3, 6, 8)  # shapes, colours, sizes, backgrounds, motions
EVENLY = torch.ones(8)  # weights of the schedule's noise levels


def test_positions_are_in_the_order_of_the_tokens() -> None:
    latents = torch.zeros(2, 3, 4, 5, CHANNELS)
    positions = token_positions(latents)
    assert positions.shape == (2, 60, 3)
    assert positions[1, 0].tolist() == [-1, -1, -1]
    assert positions[1, 4].tolist() == [-1, -1, 1]
    assert positions[1, 15].tolist() == [-1, 1, -1]
    assert positions[1, -5].tolist() == [1, 1, -1]


def batch() -> Batch:
    """Two clips of 2 x 3 x 4 tokens."""
    random = torch.Generator().manual_seed(0)
    return Batch(
        latents=torch.randn(2, 2, 3, 4, CHANNELS, generator=random),
        input_ids=torch.zeros(2, 1, dtype=torch.int64),
        attention_mask=torch.ones(2, 1, dtype=torch.int64),
        frame_rate=torch.full((2, 1), 8.0),
        attributes=torch.tensor([[0, 9, 2, 5, 7]] * 2),
        poses=torch.rand(2, 2, 8, 5, generator=random),
    )


def test_poses_are_relative_to_the_tokens() -> None:
    clips = batch()
    clips.poses[1, 1, 3] = torch.tensor([1 / 6, 0.5, 0.2, 0.0, 1.0])
    poses = token_poses(clips)
    assert poses.shape == (2, 24, 40)
    # The token of the second latent frame, last row, third column of four: 1/6 right of the
    # centre and 1/3 below it, in shorter sides.
    seen = poses[1, 12 + 2 * 4 + 2].reshape(8, 5)[3]
    assert seen.tolist() == pytest.approx([0.0, 3 * (0.5 - 1 / 3), 10 * 0.2, 0.0, 1.0], abs=1e-6)


def test_views_turn_with_the_shape() -> None:
    clips = batch()
    angle = math.radians(90)  # clockwise: what was above the shape's centre is right of it now
    clips.poses[1, 1, 3] = torch.tensor([1 / 6, 0.0, 0.2, math.cos(angle), math.sin(angle)])
    views = token_views(token_poses(clips))
    assert views.shape == (2, 24, 16)
    # The token of the second latent frame, last row, third column of four: in the shape's column,
    # 1/3 below its centre, which is right as the shape sees it.
    right, down = views[1, 12 + 2 * 4 + 2].reshape(8, 2)[3].tolist()
    assert (right, down) == pytest.approx((3 * 1 / 3, 0.0), abs=1e-6)


def test_tokens_less_than_a_cell_away_are_near_the_shape() -> None:
    clips = batch()
    clips.poses[:] = torch.tensor([0.0, 0.0, 0.1, 1.0, 0.0])
    clips.poses[0, :, :, 2] = 0.0
    rows, columns = 3, 4  # cells of a third of the shorter side
    seeing = is_near_shape(clips).reshape(2, 2, rows, columns)
    assert seeing[0, 0].tolist() == [[False] * 4, [False, True, True, False], [False] * 4]
    assert seeing[1, 1].tolist() == [[False, True, True, False]] * 3


def test_errors_near_the_shape_count_three_times() -> None:
    clips = batch()
    clips.poses[:] = 0.0

    def loss_of_error_at(row: int) -> float:
        def model(noisy: Tensor, sigma: Tensor, batch: Batch) -> tuple[Tensor, ProbeOutputs]:
            velocity = (noisy - batch.latents) / sigma[:, :, None, None, None]
            velocity[:, :, row, 1] += 1.0
            poses = token_poses(batch)
            views = token_views(poses)
            return velocity, ProbeOutputs(torch.zeros(2, 24, 34), poses, views)

        torch.manual_seed(0)
        return flow_loss(model, clips, stage(1.0)).item()

    difference = loss_of_error_at(row=1) - loss_of_error_at(row=0)
    # Of 24 tokens of a clip four see the shape: their weights add up to 4 * 3 + 20.
    assert difference == pytest.approx(2 * (3 - 1) / 32, abs=1e-4)


def test_a_perfect_model_has_no_loss() -> None:
    clips = batch()
    words = torch.cat(
        [nn.functional.one_hot(clips.attributes[:, i], n) for i, n in enumerate(LENGTHS)], 1
    )

    def model(
        noisy: Tensor, sigma: Tensor, batch: Batch, sureness: float, nearness: float
    ) -> tuple[Tensor, ProbeOutputs]:
        velocity = (noisy - batch.latents) / sigma[:, :, None, None, None]
        said = sureness * words[:, None].expand(-1, 24, -1)
        positions = torch.cat([token_positions(batch.latents), said], dim=-1)
        poses = token_poses(batch)
        return velocity, ProbeOutputs(positions, nearness * poses, nearness * token_views(poses))

    torch.manual_seed(0)
    assert flow_loss(partial(model, sureness=50.0, nearness=1.0), clips, stage(0.5)).item() < 1e-6
    assert flow_loss(partial(model, sureness=0.0, nearness=1.0), clips, stage(0.5)).item() > 0.1
    assert flow_loss(partial(model, sureness=50.0, nearness=0.0), clips, stage(0.5)).item() > 0.1


def stage(scheduled: float, levels: Tensor = EVENLY) -> StageData:
    return StageData(tokens=48, sizes=(), scheduled=scheduled, level_weights=levels)


def test_a_stage_may_do_without_probes() -> None:
    def model(noisy: Tensor, sigma: Tensor, batch: Batch) -> tuple[Tensor, ProbeOutputs]:
        velocity = (noisy - batch.latents) / sigma[:, :, None, None, None]
        return velocity, ProbeOutputs(
            torch.zeros(2, 24, 34), torch.zeros(2, 24, 40), torch.zeros(2, 24, 16)
        )

    torch.manual_seed(0)
    assert flow_loss(model, batch(), stage(0.5)).item() > 0.1
    assert flow_loss(model, batch(), replace(stage(0.5), probe_weight=0.0)).item() < 1e-6


@pytest.mark.parametrize(
    ("stage", "smallest", "longest"),
    [(-3, 256, (1024, 256)), (-2, 256, (672, 384)), (-1, 384, (672, 384))],
)
def test_the_last_stages_see_wide_and_tall_clips(
    stage: int, smallest: int, longest: tuple[int, int]
) -> None:
    first, *others = STAGE_DATA[stage].sizes
    assert (first.width, first.height) == (512, 512)
    sides = {(size.width, size.height) for size in others}
    assert {(smallest, smallest), (512, 384), (384, 512), longest} <= sides
    assert min(min(size) for size in sides) == smallest
    assert {(height, width) for width, height in sides} == sides
    assert all(width * height <= 512**2 for width, height in sides)


def noise_levels(scheduled: float, levels: Tensor) -> list[float]:
    """Those of 400 draws."""
    clips = batch()
    seen: list[float] = []

    def model(noisy: Tensor, sigma: Tensor, batch: Batch) -> tuple[Tensor, ProbeOutputs]:
        seen.extend(sigma.flatten().tolist())
        return torch.zeros_like(noisy), ProbeOutputs(
            torch.zeros(2, 24, 34), torch.zeros(2, 24, 40), torch.zeros(2, 24, 16)
        )

    torch.manual_seed(0)
    for _ in range(200):
        flow_loss(model, clips, stage(scheduled, levels))
    return seen


def test_a_share_of_noise_levels_comes_from_the_schedule() -> None:
    schedule = (1.0, 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875)
    seen = noise_levels(0.8, EVENLY)
    share = sum(any(abs(sigma - level) < 1e-5 for level in schedule) for sigma in seen) / len(seen)
    assert 0.74 < share < 0.86


def test_noise_levels_of_the_schedule_follow_their_weights() -> None:
    weights = torch.tensor([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 3.0])
    seen = noise_levels(1.0, weights)
    assert {round(sigma, 4) for sigma in seen} == {0.725, 0.4219}
    assert 0.69 < sum(sigma < 0.5 for sigma in seen) / len(seen) < 0.81
