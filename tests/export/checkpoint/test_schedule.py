import shutil
from pathlib import Path

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from export.checkpoint.folder import FolderCheckpoint
from export.checkpoint.schedule import (
    is_stochastic,
    load_scheduler,
    set_steps,
    sigma_schedules,
)
from export.checkpoint.versions import VERSIONS
from export.errors import ExportError


@pytest.fixture
def copy(checkpoint_folder: Path, tmp_path: Path) -> FolderCheckpoint:
    shutil.copytree(checkpoint_folder / "scheduler", tmp_path / "scheduler")
    return FolderCheckpoint(tmp_path)


def test_eight_steps_are_the_distilled_schedule(checkpoint: FolderCheckpoint) -> None:
    sigmas = sigma_schedules(checkpoint)[8]
    expected = [1000, 993.75, 987.5, 981.25, 975, 909.375, 725, 421.875, 0]
    assert [sigma * 1000 for sigma in sigmas] == pytest.approx(expected, abs=1e-4)


def test_every_number_of_steps_falls_from_one_to_zero(checkpoint: FolderCheckpoint) -> None:
    schedules = sigma_schedules(checkpoint)
    assert sorted(schedules) == list(range(1, 51))
    for steps, sigmas in schedules.items():
        assert len(sigmas) == steps + 1
        assert sigmas[0] == 1
        assert sigmas[-1] == 0
        assert list(sigmas) == sorted(sigmas, reverse=True)


def test_noise_levels_are_those_the_scheduler_steps_through(checkpoint: FolderCheckpoint) -> None:
    sigmas = sigma_schedules(checkpoint)[5]
    scheduler = load_scheduler(checkpoint)
    set_steps(scheduler, 5)
    latents, velocity = torch.zeros(1, 1, 1), torch.ones(1, 1, 1)
    for timestep, sigma, following in zip(scheduler.timesteps, sigmas, sigmas[1:], strict=False):
        assert timestep.item() == pytest.approx(sigma * 1000, rel=1e-6)
        (moved,) = scheduler.step(
            -velocity,
            timestep,
            latents,
            per_token_timesteps=timestep.reshape(1, 1),
            return_dict=False,
        )
        assert moved.item() == pytest.approx(following - sigma, abs=1e-6)


def test_only_step_counts_of_allowed_levels_have_a_schedule(checkpoint: FolderCheckpoint) -> None:
    levels = VERSIONS["0.9.8-distilled"].levels
    schedules = sigma_schedules(checkpoint, levels)
    assert 8 in schedules
    assert len(schedules) < 8
    for steps, sigmas in sigma_schedules(checkpoint).items():
        allowed = {round(sigma, 4) for sigma in sigmas[:-1]} <= set(levels or ())
        assert (steps in schedules) == allowed
    assert sigma_schedules(checkpoint, [1.0]).keys() == {1}


def test_euler_steps_are_those_of_a_stochastic_scheduler_too(copy: FolderCheckpoint) -> None:
    assert not is_stochastic(copy)
    FlowMatchEulerDiscreteScheduler(stochastic_sampling=True).save_pretrained(
        copy.folder / "scheduler"
    )
    assert is_stochastic(copy)
    assert not load_scheduler(copy).config.stochastic_sampling


def test_a_schedule_stretched_to_a_terminal_is_refused(copy: FolderCheckpoint) -> None:
    FlowMatchEulerDiscreteScheduler(shift_terminal=0.1).save_pretrained(copy.folder / "scheduler")
    with pytest.raises(ExportError, match=r"shift_terminal is 0\.1, expected null"):
        sigma_schedules(copy)


def test_a_shifted_schedule_is_refused(copy: FolderCheckpoint) -> None:
    FlowMatchEulerDiscreteScheduler(shift=3.0).save_pretrained(copy.folder / "scheduler")
    with pytest.raises(ExportError, match="changes the noise levels"):
        sigma_schedules(copy)


def test_dynamic_shifting_is_refused(copy: FolderCheckpoint) -> None:
    FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True).save_pretrained(
        copy.folder / "scheduler"
    )
    with pytest.raises(ExportError, match="use_dynamic_shifting is true, expected false"):
        sigma_schedules(copy)
