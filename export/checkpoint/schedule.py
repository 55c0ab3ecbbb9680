"""Noise levels for every number of steps, as `LTXConditionPipeline` computes them."""

from collections.abc import Collection

from diffusers import FlowMatchEulerDiscreteScheduler
from diffusers.pipelines.ltx.pipeline_ltx_condition import (
    linear_quadratic_schedule,
    retrieve_timesteps,
)

from export.checkpoint.checkpoint import Checkpoint
from export.errors import ExportError

MAX_STEPS = 50


def load_scheduler(checkpoint: Checkpoint) -> FlowMatchEulerDiscreteScheduler:
    """Load the checkpoint's scheduler for Euler steps, to which others add the noise."""
    return FlowMatchEulerDiscreteScheduler.from_config(
        checkpoint.config("scheduler"), stochastic_sampling=False
    )


def is_stochastic(checkpoint: Checkpoint) -> bool:
    """Tell whether the scheduler draws noise anew at each step."""
    return bool(checkpoint.config("scheduler").get("stochastic_sampling"))


def set_steps(scheduler: FlowMatchEulerDiscreteScheduler, steps: int) -> None:
    """Set the schedule as diffusers `LTXConditionPipeline.__call__` does without timesteps."""
    timesteps = linear_quadratic_schedule(steps) * 1000
    retrieve_timesteps(scheduler, steps, "cpu", timesteps)


def sigma_schedules(
    checkpoint: Checkpoint, levels: Collection[float] | None = None
) -> dict[int, tuple[float, ...]]:
    """Compute the noise levels for 1 to 50 steps; skip step counts without a falling schedule.

    Args:
        checkpoint: has the scheduler.
        levels: to four digits; step counts with any other one are skipped. None: any.

    Returns:
        Number of steps -> as many noise levels, from 1 downwards, and a final 0.

    Raises:
        ExportError: the scheduler shifts the noise levels away from the timesteps that the
            pipeline passes to the model.
    """
    scheduler = load_scheduler(checkpoint)
    where = "scheduler/scheduler_config.json"
    if scheduler.config.use_dynamic_shifting:
        raise ExportError(f"{where}: use_dynamic_shifting is true, expected false")
    if scheduler.config.shift_terminal is not None:
        raise ExportError(
            f"{where}: shift_terminal is {scheduler.config.shift_terminal}, expected null"
        )
    schedules = {}
    for steps in range(1, MAX_STEPS + 1):
        set_steps(scheduler, steps)
        sigmas = scheduler.sigmas
        if not (scheduler.timesteps / 1000).allclose(sigmas[:-1], rtol=0, atol=1e-6):
            raise ExportError(f"{where} changes the noise levels; expected no shift, e.g. shift 1")
        if levels is not None and any(
            round(sigma, 4) not in levels for sigma in sigmas[:-1].tolist()
        ):
            continue
        # The scheduler treats levels closer than 1e-6 as equal (step, per_token_timesteps).
        if (sigmas[:-1] - sigmas[1:] > 1e-6).all():
            schedules[steps] = tuple(sigmas.tolist())
    return schedules
