"""configs/tensorrt.pbtxt: the engines in Triton's own TensorRT backend."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from export.tensorrt.profiles import profiles
from export.tensorrt.sizes import DEFAULT_SIZES, size_limits
from ltx_triton.contract import ENGINES, ModelContract
from ltx_triton.engines.tensorrt.plan import Profile
from ltx_triton.launcher.local_triton import free_port
from ltx_triton.launcher.wheel import ServerLinks, TritonWheel
from ltx_triton.pipeline.config import MODEL_REPOSITORY
from ltx_triton.settings import Settings
from tests.ltx_triton.pipeline.test_config import CONFIG
from tests.model_repository.test_config_pbtxt import parse

# LTX-Video 0.9.7 has captions of this width, and text buckets as the exporter writes them.
REAL = replace(CONFIG, caption_channels=4096, text_buckets=(32, 64, 128, 256))


def native(model: ModelContract) -> Path:
    return MODEL_REPOSITORY / model.name / "configs" / "tensorrt.pbtxt"


def profiles_of(model: ModelContract, sizes: tuple[str, ...]) -> tuple[Profile, ...]:
    limits = size_limits(sizes, REAL, Settings())
    return profiles(model, REAL, limits)


@pytest.mark.parametrize("model", ENGINES, ids=lambda model: model.name)
def test_names_a_gpu_the_plan_and_all_profiles_of_the_default_sizes(model: ModelContract) -> None:
    config = parse(native(model))

    [group] = config.instance_group
    assert config.platform == "tensorrt_plan"
    assert config.default_model_filename in ("", "model.plan")
    assert (group.Kind.Name(group.kind), group.count) == ("KIND_GPU", 1)
    count = len(profiles_of(model, DEFAULT_SIZES))
    assert list(group.profile) == [str(index) for index in range(count)]


@pytest.mark.parametrize("model", ENGINES, ids=lambda model: model.name)
def test_records_no_cuda_graphs_which_could_return_the_frames_of_another_request(
    model: ModelContract,
) -> None:
    assert not parse(native(model)).optimization.cuda.graphs


@pytest.mark.parametrize("model", ENGINES, ids=lambda model: model.name)
def test_warm_up_has_the_shapes_of_the_default_size(model: ModelContract) -> None:
    config = parse(native(model))
    [profile] = profiles_of(model, ("default",))

    [warmup] = config.model_warmup
    shapes = {name: (warmup.batch_size, *given.dims) for name, given in warmup.inputs.items()}
    assert shapes == {name: bounds.optimum for name, bounds in profile.inputs.items()}
    declared = {tensor.name: tensor.data_type for tensor in config.input}
    assert {name: given.data_type for name, given in warmup.inputs.items()} == declared


@pytest.mark.slow
def test_triton_takes_them_as_far_as_the_backend_that_it_lacks(
    repository: Path, tmp_path: Path
) -> None:
    """The wheel's server reads the files, and would not start a model with a fault in them."""
    wheel = TritonWheel.find()
    served = tmp_path / "repository"
    shutil.copytree(repository, served)
    broken = served / "vae_decoder" / "configs" / "tensorrt.pbtxt"
    broken.write_text(broken.read_text().replace("KIND_GPU", "KIND_TOASTER"))

    log = serve(wheel, wheel.link_into(tmp_path / "links", served))

    missing = "unable to find backend library for backend 'tensorrt'"
    for model in ("text_encoder", "transformer"):
        assert any(model in line and missing in line for line in log.splitlines()), log
    assert "KIND_TOASTER" in log
    assert not any("vae_decoder" in line and missing in line for line in log.splitlines())
    # It has no such file, and is served as ever.
    assert "successfully loaded 'ltx_video'" in log


def serve(wheel: TritonWheel, links: ServerLinks) -> str:
    """Start the server, which ends by itself because models fail; return its log."""
    finished = subprocess.run(
        [
            str(wheel.server),
            f"--model-repository={links.models}",
            f"--backend-directory={links.backends}",
            "--model-config-name=tensorrt",
            "--http-address=127.0.0.1",
            f"--http-port={free_port()}",
            "--grpc-address=127.0.0.1",
            f"--grpc-port={free_port()}",
            "--allow-metrics=false",
            "--exit-timeout-secs=5",
        ],
        env=os.environ | wheel.environment(links),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    assert finished.returncode != 0
    return finished.stdout
