"""Triton model configs: templates completed from the contract and from built plans."""

from collections.abc import Sequence
from pathlib import Path

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2
from tritonclient.grpc.model_config_pb2 import ModelConfig, ModelInput, ModelOutput

from ltx_triton.contract import DataType, ModelContract, Tensor
from ltx_triton.engines.tensorrt.plan import Profile


def read_config(file: Path) -> ModelConfig:
    """Parse a `.pbtxt` file.

    Raises:
        text_format.ParseError: `file` is not a model config.
    """
    text = file.read_text(encoding="utf-8")
    return text_format.Parse(text, ModelConfig())


def write_config(config: ModelConfig, file: Path) -> None:
    """Write a `.pbtxt` file, with its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text_format.MessageToString(config), encoding="utf-8")


def add_contract(config: ModelConfig, model: ModelContract) -> None:
    """Add name, tensors and batch size."""
    config.name = model.name
    config.max_batch_size = model.max_batch_size
    config.input.extend(
        ModelInput(**_declare(tensor), optional=tensor.optional) for tensor in model.inputs
    )
    config.output.extend(ModelOutput(**_declare(tensor)) for tensor in model.outputs)


def add_profiles(config: ModelConfig, model: ModelContract, profiles: Sequence[Profile]) -> None:
    """Name all profiles of a plan, and warm up at the optimum of the first.

    Triton's TensorRT backend takes only the first profile if none is named. It cannot split a batch
    that the profile of its shapes does not take, so it is given none that any of them would not.
    """
    config.max_batch_size = min(profile.largest_batch for profile in profiles)
    for group in config.instance_group:
        group.profile.extend(str(index) for index in range(len(profiles)))
    for warmup in config.model_warmup:
        for tensor in model.inputs:
            warmup.batch_size, *dims = profiles[0].inputs[tensor.name].optimum
            given = warmup.inputs[tensor.name]
            given.data_type = _data_type(tensor.datatype)
            given.dims.extend(dims)
            given.zero_data = True


def _declare(tensor: Tensor) -> dict[str, object]:
    return {
        "name": tensor.name,
        "data_type": _data_type(tensor.datatype),
        "dims": tensor.dims,
    }


def _data_type(datatype: DataType) -> int:
    name = "STRING" if datatype == "BYTES" else datatype
    number: int = model_config_pb2.DataType.Value(f"TYPE_{name}")
    return number
