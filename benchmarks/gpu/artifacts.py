"""Large files that stages hand to each other, and that go when nobody needs them any more."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.baselines.case import Case
from benchmarks.gpu.cases import Model, onnx_folder, plan_folder
from benchmarks.gpu.sizes import checkpoint_bytes, engine_bytes
from ltx_triton.contract import ENGINES, TEXT_ENCODER, TRANSFORMER, VAE_DECODER
from ltx_triton.repository.layout import ENGINE_FILE, PLAN_FILE

_COMPONENTS = {
    TEXT_ENCODER.name: "text_encoder",
    TRANSFORMER.name: "transformer",
    VAE_DECODER.name: "vae",
}


@dataclass(frozen=True)
class Artifact:
    """The weights of one component in one form."""

    name: str
    folder: Path
    pattern: str  # of its files
    expected_bytes: int

    def files(self) -> list[Path]:
        return sorted(self.folder.glob(self.pattern))

    @property
    def exists(self) -> bool:
        return bool(self.files())

    @property
    def bytes(self) -> int:
        """Bytes on disk, or the expected ones before it is written."""
        files = self.files()
        return sum(file.stat().st_size for file in files) if files else self.expected_bytes

    def delete(self) -> None:
        for file in self.files():
            file.unlink()


@dataclass(frozen=True)
class Artifacts:
    """All of a case, by engine."""

    checkpoint: dict[str, Artifact]
    onnx: dict[str, Artifact]
    plans: dict[str, Artifact]  # none on a CPU

    @classmethod
    def of(cls, case: Case, model: Model) -> "Artifacts":
        names = [engine.name for engine in ENGINES]
        return cls(
            checkpoint={
                name: Artifact(
                    f"checkpoint of {name}",
                    case.checkpoint / _COMPONENTS[name],
                    "*.safetensors",
                    checkpoint_bytes(model, name),
                )
                for name in names
            },
            onnx={
                name: Artifact(
                    f"ONNX of {name}",
                    onnx_folder(case, name),
                    f"{ENGINE_FILE}*",
                    engine_bytes(model, name),
                )
                for name in names
            },
            plans={
                name: Artifact(
                    f"plan of {name}",
                    plan_folder(case, name),
                    PLAN_FILE,
                    engine_bytes(model, name),
                )
                for name in names
                if case.device == "cuda"
            },
        )

    @property
    def engines(self) -> tuple[Artifact, ...]:
        """Plans, or ONNX on a CPU."""
        return tuple((self.plans or self.onnx).values())
