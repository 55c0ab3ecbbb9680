"""Options of an export."""

from dataclasses import dataclass
from pathlib import Path

from export.checkpoint.open import Sources
from export.precision import FOR_CPU, Precision


@dataclass(frozen=True)
class ExportOptions:
    """A checkpoint, a destination and sampling settings."""

    model: str  # hub id, folder or file
    output: Path  # root of the model repository
    cache_dir: Path | None = None  # for downloads
    text_encoder: str | None = None  # source of its own; None: see `Sources`
    tokenizer: str | None = None  # likewise
    checkpoint_version: str | None = None  # None: what the checkpoint says
    precision: Precision = Precision.FP32
    precision_if_large: Precision | None = None  # instead, for more than LARGE parameters
    name: str | None = None  # shown to users; None: the hub id or the folder's name
    num_inference_steps: int | None = None  # None: the version's, likewise the next two
    decode_timestep: float | None = None
    decode_noise_scale: float | None = None
    verification: bool = True  # whether engines are compared with PyTorch before they are published
    for_cpu: bool = True  # whether verified engines are measured, too: their memory on a CPU

    @property
    def sources(self) -> Sources:
        return Sources(self.model, self.text_encoder, self.tokenizer, self.cache_dir)

    @property
    def measures_memory(self) -> bool:
        return self.verification and self.for_cpu and self.precision in FOR_CPU
