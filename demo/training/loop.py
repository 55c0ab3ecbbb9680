"""What every training here has in common: steps, learning rates, averaged weights, resuming."""

import copy
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm
from transformers import T5PreTrainedModel

from demo.training.muon import Muon

_SAVE_SECONDS = 60.0
_AVERAGED_STEPS = 200.0  # time constant of the averaged weights, once there are as many
_WARMUP = 100  # steps


@dataclass(frozen=True)
class Stage:
    """A part of a training with learning rates of its own."""

    steps: int
    matrix_rate: float  # of the weights of linears and convolutions, by Muon
    other_rate: float  # of everything else, by AdamW


class Loop:
    """Trains a module, keeps the average of its weights, goes on where it was interrupted.

    The state is in `folder/name.pt`, the losses are in `folder/name.csv`.
    """

    def __init__(
        self, module: nn.Module, stages: Sequence[Stage], folder: Path, name: str, seed: int
    ) -> None:
        self.module = module
        self.averaged = copy.deepcopy(module).requires_grad_(False).eval()
        self.step = 0
        self._stages = stages
        self._state_file = folder / f"{name}.pt"
        self._log_file = folder / f"{name}.csv"
        self._name = name
        self._seed = seed
        matrices, others = _split(module)
        self._muon = Muon(matrices, lr=0.0)
        self._adam = torch.optim.AdamW(others, betas=(0.9, 0.95))
        folder.mkdir(parents=True, exist_ok=True)
        if self._state_file.is_file():
            self._load()

    def run(self, loss: Callable[[int, random.Random], Tensor]) -> None:
        """Take the steps that are left, minimising `loss` of the stage's number and chance."""
        total = sum(stage.steps for stage in self._stages)
        saved, recent = time.monotonic(), None
        with tqdm(total=total, initial=self.step, desc=self._name) as bar:
            while self.step < total:
                number, first = self._current_stage()
                # A step's chance depends on nothing before it.
                seed = self._seed * 1_000_003 + self.step
                torch.manual_seed(seed)
                value = loss(number, random.Random(seed))
                self._update(value, self._stages[number], self.step - first)
                recent = value.item() if recent is None else 0.98 * recent + 0.02 * value.item()
                bar.update()
                bar.set_postfix(stage=number, loss=f"{recent:.4f}")
                if self.step % 50 == 0:
                    self._log(number, recent)
                ended = self.step == first + self._stages[number].steps
                if ended or time.monotonic() - saved > _SAVE_SECONDS:
                    self._save()
                    saved = time.monotonic()

    def _current_stage(self) -> tuple[int, int]:
        """Its number and first step."""
        first = 0
        for number, stage in enumerate(self._stages):
            if self.step < first + stage.steps:
                return number, first
            first += stage.steps
        raise ValueError("the training has ended")

    def _update(self, loss: Tensor, stage: Stage, step: int) -> None:
        rate = 0.51 + 0.49 * math.cos(math.pi * step / stage.steps)
        rate *= min(1.0, (step + 1) / _WARMUP)
        self.module.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.module.parameters(), 1.0)
        for optimizer, highest in ((self._muon, stage.matrix_rate), (self._adam, stage.other_rate)):
            for group in optimizer.param_groups:
                group["lr"] = rate * highest
            optimizer.step()
        self.step += 1
        weight = 1 / min(self.step, _AVERAGED_STEPS)
        with torch.no_grad():
            for average, value in zip(
                self.averaged.parameters(), self.module.parameters(), strict=True
            ):
                average.lerp_(value, weight)

    def _log(self, stage: int, loss: float) -> None:
        new = not self._log_file.exists()
        with self._log_file.open("a") as log:
            if new:
                log.write("step,stage,loss\n")
            log.write(f"{self.step},{stage},{loss:.6f}\n")

    def _save(self) -> None:
        state = {
            "step": self.step,
            "module": self.module.state_dict(),
            "averaged": self.averaged.state_dict(),
            "muon": self._muon.state_dict(),
            "adam": self._adam.state_dict(),
        }
        partial = self._state_file.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self._state_file)

    def _load(self) -> None:
        state: dict[str, Any] = torch.load(self._state_file, weights_only=True)
        self.step = state["step"]
        self.module.load_state_dict(state["module"])
        self.averaged.load_state_dict(state["averaged"])
        self._muon.load_state_dict(state["muon"])
        self._adam.load_state_dict(state["adam"])


def _split(module: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    """Weights of linears and convolutions, and all the rest.

    Those of T5 belong to the rest: it does not scale what goes into its softmax, and Muon makes its
    queries and keys so large that every token attends to one other and never learns to which.
    """
    in_t5 = {
        layer
        for part in module.modules()
        if isinstance(part, T5PreTrainedModel)
        for layer in part.modules()
    }
    layers = [
        layer
        for layer in module.modules()
        if isinstance(layer, nn.Linear | nn.Conv3d) and layer not in in_t5
    ]
    matrices: list[Tensor] = [layer.weight for layer in layers]
    known = {id(matrix) for matrix in matrices}
    others: list[Tensor] = [value for value in module.parameters() if id(value) not in known]
    return matrices, others


def stack(arrays: Sequence[NDArray[Any]]) -> Tensor:
    """Equal arrays as one tensor with a leading axis."""
    return torch.from_numpy(np.stack(arrays))
