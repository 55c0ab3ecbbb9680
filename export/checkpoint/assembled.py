"""A checkpoint put together from several sources."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.checkpoint.checkpoint import Checkpoint, Part
from export.checkpoint.header import Header
from export.checkpoint.trained_on import TrainedOn
from export.checkpoint.weights import Source

_MODEL = "transformer"  # whose part speaks for the whole


@dataclass(frozen=True)
class AssembledCheckpoint(Checkpoint):
    """Each component from a part of its own or from one that gives several."""

    model_name: str
    parts: Mapping[str, Part]  # by component

    @property
    def name(self) -> str:
        return self.model_name

    @property
    def tokenizer(self) -> Path:
        return self.place("tokenizer")

    @property
    def levels(self) -> tuple[float, ...] | None:
        return self.parts[_MODEL].levels

    @property
    def has_default_version(self) -> bool:
        return self.parts[_MODEL].has_default_version

    @property
    def remarks(self) -> tuple[str, ...]:
        return self.parts[_MODEL].remarks

    def place(self, component: str) -> Path:
        return self.parts[component].place(component)

    def config(self, component: str) -> dict[str, Any]:
        return self.parts[component].config(component)

    def weights(self, component: str) -> dict[str, Source]:
        return self.parts[component].weights(component)

    def component_files(self, component: str) -> dict[str, Path]:
        return self.parts[component].component_files(component)

    def header(self, component: str) -> Header | None:
        return self.parts[component].header(component)

    def trained_on(self) -> TrainedOn:
        return self.parts[_MODEL].trained_on()
