from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltx_triton.contract import TEXT_ENCODER, VAE_DECODER
from ltx_triton.engines.cpu_engine import CpuEngineInfo
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.tensorrt.cuda import Gpu
from ltx_triton.engines.tensorrt.plan import (
    PlanInfo,
    PlanMismatchError,
    Profile,
    Range,
    require_checkpoint,
)
from ltx_triton.repository.layout import PLAN_FILE, version_folder
from tests.ltx_triton.pipeline.test_config import CONFIG

H200 = Gpu("NVIDIA H200", "9.0", 24 * 2**30)


def profile(name: str, side: int) -> Profile:
    """Of a decoder: up to `side` latent rows and columns, up to 4 latent frames."""
    latents = Range((1, 1, 1, 1, 128), (1, 4, side, side, 128), (2, 4, side, side, 128))
    return Profile(name, {"latents": latents, "noise": latents})


INFO = PlanInfo(
    library="tensorrt",
    library_version="11.4.0",
    gpu_name=H200.name,
    compute_capabilities=("9.0",),
    precision="bf16",
    profiles=(profile("default", 16), profile("preview", 8)),
    onnx_sha256="1" * 64,
    checkpoint_sha256="0" * 64,
    optimization_level=3,
    weight_streaming=False,
    refittable=False,
)

RTX_INFO: PlanInfo = INFO.model_copy(
    update={
        "library": "tensorrt-rtx",
        "library_version": "1.7.1.116",
        "gpu_name": None,
        "compute_capabilities": ("8.6", "8.9", "12.0"),
    }
)


def shapes(*shape: int) -> dict[str, tuple[int, ...]]:
    return {"latents": shape, "noise": shape}


def test_is_read_as_it_was_written(tmp_path: Path) -> None:
    INFO.save(tmp_path)

    assert PlanInfo.load(tmp_path) == INFO


def test_a_plan_without_it_is_not_trusted(tmp_path: Path) -> None:
    with pytest.raises(
        FileNotFoundError, match=r"plan\.json is missing.*TARGET=tensorrt` .*TARGET=tensorrt-rtx"
    ):
        PlanInfo.load(tmp_path)


def test_its_own_machine_takes_it_and_so_does_a_gpu_of_the_same_capability() -> None:
    INFO.require_machine(Path("model.plan"), "11.4.0", H200)
    INFO.require_machine(Path("model.plan"), "11.4.0", Gpu("NVIDIA H100", "9.0", 24 * 2**30))


@pytest.mark.parametrize(
    ("version", "gpu"), [("11.4.1", H200), ("11.4.0", Gpu("NVIDIA L4", "8.9", 24 * 2**30))]
)
def test_another_machine_is_told_what_the_plan_is_for_and_what_to_do(
    version: str, gpu: Gpu
) -> None:
    with pytest.raises(PlanMismatchError) as refused:
        INFO.require_machine(Path("transformer/1/model.plan"), version, gpu)

    message = str(refused.value)
    for part in ("transformer/1/model.plan", "11.4.0", "NVIDIA H200", "9.0", version, gpu.name):
        assert part in message
    assert "`make export TARGET=tensorrt`" in message


@pytest.mark.parametrize(
    ("version", "gpu", "target"),
    [
        ("1.8.0.1", Gpu("NVIDIA L4", "8.9", 24 * 2**30), "tensorrt-rtx"),
        ("1.7.1.116", H200, "tensorrt"),
    ],
)
def test_a_plan_for_many_cards_is_built_again_for_another_version_but_not_for_other_cards(
    version: str, gpu: Gpu, target: str
) -> None:
    RTX_INFO.require_machine(Path("model.plan"), "1.7.1.116", Gpu("RTX 4090", "8.9", 24 * 2**30))

    with pytest.raises(PlanMismatchError, match=f"`make export TARGET={target}`"):
        RTX_INFO.require_machine(Path("model.plan"), version, gpu)


@pytest.mark.parametrize(
    ("shape", "name"),
    [
        ((1, 4, 16, 16, 128), "default"),
        ((1, 4, 8, 8, 128), "preview"),
        ((2, 1, 2, 2, 128), "preview"),  # fits both
        ((1, 4, 9, 8, 128), "default"),  # nearer to the other, but too large for it
    ],
)
def test_the_fitting_profile_with_the_closest_optimum_is_chosen(
    shape: tuple[int, ...], name: str
) -> None:
    assert INFO.profiles[INFO.profile_for(shapes(*shape))].name == name


@pytest.mark.parametrize(
    "shape", [(1, 5, 16, 16, 128), (3, 4, 16, 16, 128), (1, 4, 16, 16, 64), (0, 4, 16, 16, 128)]
)
def test_shapes_that_fit_no_profile_are_named_with_what_is_allowed(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="no profile of the plan takes latents") as refused:
        INFO.profile_for(shapes(*shape))

    assert str(shape) in str(refused.value)
    assert "(1, 1, 1, 1, 128) to (2, 4, 16, 16, 128) (default)" in str(refused.value)


def test_a_plan_of_another_export_is_refused(tmp_path: Path) -> None:
    folder = version_folder(tmp_path, VAE_DECODER)
    folder.mkdir(parents=True)
    require_checkpoint(tmp_path, CONFIG)  # no plans
    (folder / PLAN_FILE).touch()
    INFO.save(folder)
    require_checkpoint(tmp_path, CONFIG)

    with pytest.raises(PlanMismatchError, match=r"vae_decoder/1/model\.plan is of the checkpoint"):
        require_checkpoint(tmp_path, CONFIG.model_copy(update={"checkpoint_sha256": "f" * 64}))

    RTX_INFO.model_copy(update={"checkpoint_sha256": "f" * 64}).save(folder)
    with pytest.raises(PlanMismatchError, match="`make export TARGET=tensorrt-rtx` builds it"):
        require_checkpoint(tmp_path, CONFIG)


def test_an_engine_beside_plans_that_is_of_another_export_is_refused(tmp_path: Path) -> None:
    folder = version_folder(tmp_path, TEXT_ENCODER)
    folder.mkdir(parents=True)
    CpuEngineInfo(
        onnx_sha256="0" * 64, checkpoint_sha256="f" * 64, precision=CpuPrecision.FP32
    ).save(folder)

    with pytest.raises(
        PlanMismatchError, match=r"text_encoder/1/model\.onnx is of .* TEXT_ENCODER_DEVICE=cpu` "
    ):
        require_checkpoint(tmp_path, CONFIG)


def size_ranges() -> st.SearchStrategy[Range]:
    """Ranges of a tensor with two dimensions."""
    bounds = st.lists(st.integers(1, 9), min_size=3, max_size=3).map(sorted)
    return st.tuples(bounds, bounds).map(
        lambda sizes: Range(*((first, second) for first, second in zip(*sizes, strict=True)))
    )


@given(
    st.lists(size_ranges(), min_size=1, max_size=4),
    st.tuples(st.integers(0, 10), st.integers(0, 10)),
)
def test_a_profile_is_chosen_if_any_fits_and_no_other_is_nearer(
    ranges: list[Range], shape: tuple[int, int]
) -> None:
    profiles = tuple(Profile(str(index), {"x": each}) for index, each in enumerate(ranges))
    info = INFO.model_copy(update={"profiles": profiles})
    fitting = [each for each in ranges if each.holds(shape)]

    if fitting:
        chosen = ranges[info.profile_for({"x": shape})]
        assert chosen in fitting
        assert chosen.distance(shape) == min(each.distance(shape) for each in fitting)
    else:
        with pytest.raises(ValueError, match="no profile of the plan takes x"):
            info.profile_for({"x": shape})
