from pathlib import Path

import pytest
from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import ModelConfig

from ltx_triton.contract import DataType, ModelContract, Tensor
from ltx_triton.engines.tensorrt.plan import Profile, Range
from ltx_triton.repository.model_config import (
    add_contract,
    add_profiles,
    read_config,
    write_config,
)

ENGINE = ModelContract(
    name="engine",
    inputs=(
        Tensor("text", "BYTES", (-1,)),
        Tensor("steps", "INT32", (1,), optional=True),
    ),
    outputs=(Tensor("frames", "UINT8", (-1, 3)),),
    max_batch_size=4,
)


def parse(text: str) -> ModelConfig:
    return text_format.Parse(text, ModelConfig())


def profile(name: str, length: int, batch: int) -> Profile:
    text = Range((1, 1), (2, length), (batch, 9))
    return Profile(name, {"text": text, "steps": Range((1, 1), (2, 1), (batch, 1))})


def test_the_contract_gives_name_tensors_and_batch_size() -> None:
    config = parse('backend: "python"')

    add_contract(config, ENGINE)

    assert config == parse(
        """
        name: "engine"
        backend: "python"
        max_batch_size: 4
        input { name: "text" data_type: TYPE_STRING dims: [-1] }
        input { name: "steps" data_type: TYPE_INT32 dims: [1] optional: true }
        output { name: "frames" data_type: TYPE_UINT8 dims: [-1, 3] }
        """
    )


@pytest.mark.parametrize("datatype", ["FP32", "INT32", "INT64", "UINT8", "BYTES"])
def test_every_type_of_the_contract_has_one_in_triton(datatype: DataType) -> None:
    config = ModelConfig()

    add_contract(config, ModelContract("model", (Tensor("x", datatype, (1,)),), (), 0))

    assert config.input[0].data_type > 0


def test_the_plan_gives_profiles_and_the_warm_up_the_optimum_of_the_first() -> None:
    config = parse(
        'instance_group { kind: KIND_GPU count: 1 } model_warmup { name: "first profile" }'
    )

    add_profiles(config, ENGINE, (profile("default", 7, batch=4), profile("maximum", 9, batch=1)))

    assert config == parse(
        """
        max_batch_size: 1
        instance_group { kind: KIND_GPU count: 1 profile: ["0", "1"] }
        model_warmup {
          name: "first profile"
          batch_size: 2
          inputs { key: "text" value { data_type: TYPE_STRING dims: [7] zero_data: true } }
          inputs { key: "steps" value { data_type: TYPE_INT32 dims: [1] zero_data: true } }
        }
        """
    )


def test_files_are_read_as_they_were_written(tmp_path: Path) -> None:
    config = parse("dynamic_batching {} instance_group { kind: KIND_CPU count: 2 }")

    write_config(config, tmp_path / "configs" / "tensorrt.pbtxt")

    assert read_config(tmp_path / "configs" / "tensorrt.pbtxt") == config


def test_a_file_with_a_fault_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "config.pbtxt"
    file.write_text("instance_group { kind: KIND_TOASTER }")

    with pytest.raises(text_format.ParseError, match="KIND_TOASTER"):
        read_config(file)
