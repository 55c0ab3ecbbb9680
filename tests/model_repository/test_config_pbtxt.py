from pathlib import Path

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from ltx_triton.contract import ENGINES, MODELS, ModelContract, Tensor
from ltx_triton.pipeline.config import MODEL_REPOSITORY

PROTOBUF_TYPES = {"BYTES": "TYPE_STRING"}


def parse(path: Path) -> model_config_pb2.ModelConfig:
    return text_format.Parse(path.read_text(), model_config_pb2.ModelConfig())


def tensors(declared: list[model_config_pb2.ModelInput]) -> list[Tensor]:
    names = {f"TYPE_{t}": t for t in ("FP32", "INT32", "INT64", "UINT8")} | {"TYPE_STRING": "BYTES"}
    return [
        Tensor(
            tensor.name,
            names[model_config_pb2.DataType.Name(tensor.data_type)],  # type: ignore[arg-type]
            tuple(tensor.dims),
            getattr(tensor, "optional", False),
        )
        for tensor in declared
    ]


def files(model: ModelContract) -> list[Path]:
    """Of a model: the settings that Triton takes, and those of other deployments."""
    folder = MODEL_REPOSITORY / model.name
    return [folder / "config.pbtxt", *sorted(folder.glob("configs/*.pbtxt"))]


EVERY_FILE = [(model, file) for model in MODELS for file in files(model)]
ENGINE_FILES = [(model, file) for model in ENGINES for file in files(model)]


def name_of(value: object) -> str | None:
    return str(value.relative_to(MODEL_REPOSITORY)) if isinstance(value, Path) else ""


@pytest.mark.parametrize(("model", "file"), EVERY_FILE, ids=name_of)
def test_declares_the_tensors_of_the_contract(model: ModelContract, file: Path) -> None:
    config = parse(file)

    assert config.name == model.name
    assert tensors(config.input) == list(model.inputs)
    assert tensors(config.output) == list(model.outputs)
    assert config.max_batch_size == model.max_batch_size


@pytest.mark.parametrize(("model", "file"), ENGINE_FILES, ids=name_of)
def test_engines_are_batched_dynamically(model: ModelContract, file: Path) -> None:
    assert parse(file).HasField("dynamic_batching")


def test_every_model_of_the_repository_has_a_contract() -> None:
    folders = {path.parent.name for path in MODEL_REPOSITORY.glob("*/config.pbtxt")}

    assert folders == {model.name for model in MODELS}
