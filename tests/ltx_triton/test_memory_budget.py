from contextlib import nullcontext

import pytest

from ltx_triton.engines.memory_use import CpuMemory, DeviceMemory, GpuMemory, MemoryAt, MemoryUse
from ltx_triton.memory_budget import MemoryBudget, TooLargeError
from ltx_triton.model_info import ModelInfo
from ltx_triton.video_spec import VideoSpec
from tests.frontend.conftest import new_job
from tests.frontend.fake_triton import GPU_INFO, GUIDED_INFO, INFO

GB, MB = 10**9, 10**6
# 1 GB at rest, and 1 GB for each 1,000 tokens of the largest video.
ENGINE = CpuMemory(
    resting_bytes=GB,
    area=None,
    sizes=(MemoryAt(0, 0, 0, 0), MemoryAt(1000, first_bytes=GB, further_bytes=0, output_bytes=MB)),
)
DEVICE = DeviceMemory(available_bytes=4 * GB, engines={"transformer": ENGINE})
MEMORY = MemoryUse(shared_bytes=20 * MB, devices={"cpu": DEVICE})
ON_CPU = INFO.model_copy(update={"memory": MEMORY})
ON_GPU = GPU_INFO.model_copy(
    update={"memory": MemoryUse(shared_bytes=20 * MB, devices={"cuda": DEVICE})}
)
# 10 GB at rest on the CPU, whatever the video, and the engine above on the GPU.
TEXT_ENCODER = CpuMemory(resting_bytes=10 * GB, area=None, sizes=(MemoryAt(0, 0, 0, 0),))
ON_BOTH = GPU_INFO.model_copy(
    update={
        "memory": MemoryUse(
            shared_bytes=20 * MB,
            devices={
                "cpu": DeviceMemory(
                    available_bytes=12 * GB, engines={"text_encoder": TEXT_ENCODER}
                ),
                "cuda": DeviceMemory(
                    available_bytes=4 * GB,
                    engines={"transformer": GpuMemory(**ENGINE.model_dump(exclude={"runtime"}))},
                ),
            },
        )
    }
)


def video(tokens: int) -> VideoSpec:
    """One frame, so that the rest of the service takes little."""
    return new_job(width=32 * tokens, height=32, num_frames=1).spec


def test_a_video_is_possible_while_the_service_with_it_stays_in_the_budget() -> None:
    MemoryBudget(2.5, api_workers=1).require(ON_CPU, video(1000))

    with pytest.raises(TooLargeError) as refused:
        MemoryBudget(2.2, api_workers=1).require(ON_CPU, video(1000))

    assert str(refused.value) == (
        "width=32000, height=32, num_frames=1 needs 2.3 GB of memory; the limit is 2.2 GB "
        "(MEMORY_BUDGET_GB); try fewer frames or pixels"
    )


def test_without_a_setting_most_of_what_the_machine_has_is_the_budget() -> None:
    MemoryBudget(None, api_workers=1).require(ON_CPU, video(2200))

    with pytest.raises(TooLargeError, match=r"3\.7 GB of memory; the limit is 3\.6 GB \(90% of "):
        MemoryBudget(None, api_workers=1).require(ON_CPU, video(2400))


def test_videos_run_side_by_side_while_they_fit_together() -> None:
    budget = MemoryBudget(2.4, api_workers=1)

    assert budget.fits(ON_CPU, [video(1000)], video(10))
    assert not budget.fits(ON_CPU, [video(1000)] * 5, video(10))
    assert not budget.fits(ON_CPU, [video(10)], video(1200))


def test_a_guided_video_takes_more_memory() -> None:
    sizes = (MemoryAt(1000, first_bytes=GB, further_bytes=GB, output_bytes=0),)
    engine = ENGINE.model_copy(update={"sizes": sizes})
    device = DEVICE.model_copy(update={"engines": {"transformer": engine}})
    memory = MEMORY.model_copy(update={"devices": {"cpu": device}})
    guided = GUIDED_INFO.model_copy(update={"memory": memory})
    budget = MemoryBudget(3, api_workers=1)

    budget.require(guided, video(1000).model_copy(update={"guidance_scale": 1.0}))
    with pytest.raises(TooLargeError, match=r"needs 3\.3 GB of memory; the limit is 3\.0 GB"):
        budget.require(guided, video(1000))


def test_a_video_alone_is_never_held_back() -> None:
    assert MemoryBudget(0.1, api_workers=1).fits(ON_CPU, [], video(1000))


def test_processes_of_the_api_count() -> None:
    assert not MemoryBudget(2.5, api_workers=9).fits(ON_CPU, [video(10)], video(1000))


def test_a_video_that_shared_memory_cannot_carry_is_refused() -> None:
    with pytest.raises(TooLargeError) as refused:
        MemoryBudget(None, api_workers=1).require(
            ON_CPU.model_copy(update={"memory": MEMORY.model_copy(update={"shared_bytes": MB})}),
            video(1000),
        )

    assert str(refused.value) == (
        "width=32000, height=32, num_frames=1 needs 6 MB of shared memory; /dev/shm "
        "has 1 MB free; try fewer frames or pixels"
    )


def test_on_a_gpu_the_engines_alone_count() -> None:
    MemoryBudget(2.01, api_workers=9).require(ON_GPU, video(1000))

    with pytest.raises(TooLargeError, match=r"2\.0 GB of GPU memory; the limit is 2\.0 GB"):
        MemoryBudget(1.99, api_workers=9).require(ON_GPU, video(1000))


def test_each_device_has_a_limit_of_its_own() -> None:
    MemoryBudget(None, api_workers=1).require(ON_BOTH, video(2500))

    with pytest.raises(TooLargeError, match=r"3\.7 GB of GPU memory; the limit is 3\.6 GB \(90% "):
        MemoryBudget(None, api_workers=1).require(ON_BOTH, video(2700))
    with pytest.raises(TooLargeError, match=r"11\.1 GB of memory; the limit is 10\.8 GB \(90% of "):
        MemoryBudget(None, api_workers=9).require(ON_BOTH, video(1000))


def test_the_budget_is_that_of_the_transformers_device() -> None:
    MemoryBudget(2.01, api_workers=1).require(ON_BOTH, video(1000))

    with pytest.raises(TooLargeError, match=r"2\.0 GB of GPU memory; .* \(MEMORY_BUDGET_GB\)"):
        MemoryBudget(1.99, api_workers=1).require(ON_BOTH, video(1000))


def test_a_video_waits_for_whichever_device_is_full() -> None:
    assert MemoryBudget(None, api_workers=1).fits(ON_BOTH, [video(1000)], video(10))
    assert not MemoryBudget(None, api_workers=1).fits(ON_BOTH, [video(1000)] * 30, video(10))
    assert not MemoryBudget(1.5, api_workers=1).fits(ON_BOTH, [video(1000)], video(10))


def test_videos_are_made_one_by_one_where_the_text_encoder_is_unloaded() -> None:
    engines = {"transformer": ENGINE, "text_encoder": TEXT_ENCODER}
    device = DeviceMemory(available_bytes=20 * GB, engines=engines, unloads_text_encoder=True)
    info = INFO.model_copy(
        update={"memory": MEMORY.model_copy(update={"devices": {"cpu": device}})}
    )
    budget = MemoryBudget(12.0, api_workers=1)

    budget.require(info, video(1000))  # 11 GB while the transformer rests, then 2
    assert budget.fits(info, [], video(1000))
    assert not budget.fits(info, [video(10)], video(10))
    with pytest.raises(TooLargeError, match=r"12\.1 GB of memory; the limit is 12\.0 GB"):
        budget.require(info, video(10_700))


def engine(resting: int, working: int = 0) -> CpuMemory:
    sizes = (MemoryAt(1, working * MB, further_bytes=0, output_bytes=0),)
    return CpuMemory(resting_bytes=resting * MB, area=None, sizes=sizes)


def unloads(budget: MemoryBudget, device: DeviceMemory, info: ModelInfo = INFO) -> bool:
    memory = MEMORY.model_copy(update={"devices": {**MEMORY.devices, "cpu": device}})
    measured = info.model_copy(update={"memory": memory})
    found = budget.unload_where_short(measured, video(1)).memory
    assert found
    return found.unloads_text_encoder


# Besides the engines the service takes 0.33 GB for this video, of one frame.
@pytest.mark.parametrize(
    ("text_encoder", "transformer", "unloaded"),
    [
        (engine(400), engine(400, 200), True),
        (engine(400), engine(300, 200), False),  # all fit
        (engine(400), engine(600), False),  # they rest beside it: nothing is won
        (engine(40), engine(600, 400), False),  # no more than its process
        (None, engine(600, 400), False),
    ],
)
def test_the_text_encoder_is_unloaded_where_that_makes_room(
    text_encoder: CpuMemory | None, transformer: CpuMemory, unloaded: bool
) -> None:
    engines = {"transformer": transformer}
    if text_encoder:
        engines["text_encoder"] = text_encoder
    device = DeviceMemory(available_bytes=100 * GB, engines=engines)

    assert unloads(MemoryBudget(1.28, api_workers=1), device) is unloaded


@pytest.mark.parametrize(
    ("budget_gb", "workers", "free", "unloaded"),
    [
        (1.34, 1, 0, False),
        (1.32, 1, 100, True),
        (1.34, 2, 100, True),
        (None, 1, 1.49, False),
        (None, 1, 1.46, True),
    ],
)
def test_it_is_unloaded_by_the_limit_that_videos_are_admitted_by(
    budget_gb: float | None, workers: int, free: float, unloaded: bool
) -> None:
    """Engines and video take 1 GB, and the service 0.33."""
    device = DeviceMemory(
        available_bytes=int(free * GB),
        engines={"transformer": engine(400, 200), "text_encoder": engine(400)},
    )
    budget = MemoryBudget(budget_gb, workers)

    assert unloads(budget, device) is unloaded
    memory = MEMORY.model_copy(update={"devices": {"cpu": device}})
    loaded = INFO.model_copy(update={"memory": memory})
    with pytest.raises(TooLargeError) if unloaded else nullcontext():
        budget.require(loaded, video(1))
    budget.require(budget.unload_where_short(loaded, video(1)), video(1))


def test_a_text_encoder_that_is_alone_on_the_cpu_stays_loaded() -> None:
    """Nothing would take its place."""
    alone = DeviceMemory(available_bytes=GB, engines={"text_encoder": engine(4000)})
    assert not unloads(MemoryBudget(None, api_workers=1), alone, GPU_INFO)


def test_beside_a_gpu_the_budget_is_not_that_of_the_cpu() -> None:
    """Of a decoder without a plan, for example."""
    engines = {"vae_decoder": engine(400, 200), "text_encoder": engine(400)}
    budget = MemoryBudget(0.1, api_workers=1)
    for free, unloaded in ((100 * GB, False), (GB, True)):
        device = DeviceMemory(available_bytes=free, engines=engines)
        assert unloads(budget, device, GPU_INFO) is unloaded


def test_without_measurements_everything_fits() -> None:
    budget = MemoryBudget(0.1, api_workers=1)

    budget.require(INFO, video(1000))
    assert budget.fits(INFO, [video(1000)], video(1000))
    assert budget.unload_where_short(INFO, video(1000)) == INFO
