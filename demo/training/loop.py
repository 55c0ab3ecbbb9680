"""The training loop: steps, learning rates, averaged weights, resuming."""

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


@dataclass(frozen=True)
class Stage:
    steps: int
    matrix_rate: float  # peak learning rate of linears and convolutions (Muon)
    other_rate: float  # peak learning rate of all other weights (AdamW)


class Loop:
    """Train a module and average its weights; resume an interrupted training.

    Saves its state to `folder/name.pt` and losses to `folder/name.csv`.
    """

    def __init__(
        self,
        module: nn.Module,
        stages: Sequence[Stage],
        folder: Path,
        name: str,
        seed: int,
        *,
        first_stage: int = 0,
        warmup_steps: int = 100,
        averaged_steps: float = 200.0,
        save_seconds: float = 60.0,
    ) -> None:
        self.module = module
        self.averaged = copy.deepcopy(module).requires_grad_(False).eval()
        self.step = sum(stage.steps for stage in stages[:first_stage])
        self._stages = stages
        self._state_file = folder / f"{name}.pt"
        self._log_file = folder / f"{name}.csv"
        self._name = name
        self._seed = seed
        self._warmup_steps = warmup_steps  # of each stage
        self._averaged_steps = averaged_steps  # time constant of the averaged weights
        self._save_seconds = save_seconds  # between saved states
        matrices, others = _split(module)
        self._muon = Muon(matrices, lr=0.0)
        self._adam = torch.optim.AdamW(others, betas=(0.9, 0.95))
        folder.mkdir(parents=True, exist_ok=True)
        if self._state_file.is_file():
            self._load()

    def run(self, loss: Callable[[int, random.Random], Tensor]) -> None:
        """Minimise `loss`, a function of the stage's number and a random generator."""
        total = sum(stage.steps for stage in self._stages)
        saved, recent = time.monotonic(), None
        with tqdm(total=total, initial=self.step, desc=self._name) as bar:
            while self.step < total:
                number, first = self._current_stage()
                # Seed every step, so that a resumed training repeats the same steps.
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
                if ended or time.monotonic() - saved > self._save_seconds:
                    self._save()
                    saved = time.monotonic()

    def _current_stage(self) -> tuple[int, int]:
        first = 0
        for number, stage in enumerate(self._stages):
            if self.step < first + stage.steps:
                return number, first
            first += stage.steps
        raise ValueError("the training has ended")

    def _update(self, loss: Tensor, stage: Stage, step: int) -> None:
        rate = 0.51 + 0.49 * math.cos(math.pi * step / stage.steps)
        rate *= min(1.0, (step + 1) / self._warmup_steps)
        self.module.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.module.parameters(), 1.0)
        for optimizer, highest in ((self._muon, stage.matrix_rate), (self._adam, stage.other_rate)):
            for group in optimizer.param_groups:
                group["lr"] = rate * highest
            optimizer.step()
        self.step += 1
        weight = 1 / min(self.step, self._averaged_steps)
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
    """Separate the weights of linears and convolutions from all others.

    T5 belongs to the others: it does not scale its attention scores, and Muon makes its queries and
    keys so large that attention collapses to one token and stops learning.
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
    return torch.from_numpy(np.stack(arrays))
