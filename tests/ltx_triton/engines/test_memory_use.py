import pytest

from ltx_triton.engines.memory_use import (
    CpuMemory,
    DeviceMemory,
    LatentSize,
    MemoryAt,
    MemoryUse,
)

SMALL = MemoryAt(tokens=100, first_bytes=10, further_bytes=1, output_bytes=4)
LARGE = MemoryAt(tokens=300, first_bytes=50, further_bytes=3, output_bytes=6)
ENGINE = CpuMemory(resting_bytes=1000, area=None, sizes=(SMALL, LARGE))
DEVICE = DeviceMemory(
    available_bytes=10_000, engines={"transformer": ENGINE, "vae_decoder": ENGINE}
)
USE = MemoryUse(shared_bytes=0, devices={"cpu": DEVICE})


def video(tokens: int) -> LatentSize:
    return LatentSize(frames=tokens, area=1)


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [(1, 10), (100, 10), (200, 30), (300, 50), (400, 70)],
    ids=["below", "first", "between", "last", "beyond"],
)
def test_sizes_in_between_and_beyond_are_on_the_line(tokens: int, expected: int) -> None:
    assert ENGINE.first_bytes(video(tokens)) == expected


def test_beyond_the_last_size_nothing_falls() -> None:
    falling = CpuMemory(resting_bytes=0, area=None, sizes=(LARGE, MemoryAt(400, 40, 0, 0)))

    assert falling.first_bytes(video(350)) == 45
    assert falling.first_bytes(video(1000)) == 50


def test_twice_the_area_takes_up_to_twice_as_much_for_as_many_frames() -> None:
    decoder = CpuMemory(resting_bytes=0, area=10, sizes=(SMALL, LARGE, MemoryAt(400, 50, 3, 6)))

    assert decoder.first_bytes(LatentSize(frames=30, area=10)) == 50
    assert decoder.first_bytes(LatentSize(frames=30, area=20)) == 100
    assert decoder.output_bytes(LatentSize(frames=30, area=20)) == 12


def test_smaller_frames_take_no_less_than_their_tokens_say() -> None:
    transformer = CpuMemory(resting_bytes=0, area=10, sizes=(SMALL, LARGE))

    assert transformer.first_bytes(LatentSize(frames=30, area=5)) == 50 / 2
    assert transformer.first_bytes(LatentSize(frames=10, area=5)) == 10


def test_one_measured_size_counts_for_all() -> None:
    engine = CpuMemory(resting_bytes=0, area=None, sizes=(SMALL,))

    assert engine.first_bytes(video(1)) == engine.first_bytes(video(1000)) == 10


def test_without_videos_the_engines_rest() -> None:
    assert DEVICE.needed([]) == 2000


def test_an_engine_works_on_the_largest_video_and_keeps_a_little_of_the_others() -> None:
    assert DEVICE.by_engine([video(100), video(300), video(100)]) == {
        "transformer": 1000 + 50 + 1 + 1,
        "vae_decoder": 1000 + 50 + 1 + 1,
    }


def test_guidance_is_another_video_everywhere_but_in_the_decoder() -> None:
    guided = LatentSize(frames=300, area=1, texts=2)
    assert DEVICE.by_engine([guided, video(100)]) == {
        "transformer": 1000 + 50 + 3 + 1,
        "vae_decoder": 1000 + 50 + 1,
    }


def test_shared_memory_carries_both_latents_of_a_guided_step() -> None:
    guided = LatentSize(frames=300, area=1, texts=2)
    assert USE.needed_shared(guided) - USE.needed_shared(video(300)) == 2 * 6


def test_shared_memory_grows_with_the_largest_answer() -> None:
    assert USE.needed_shared(video(300)) - USE.needed_shared(video(100)) == 2 * (6 - 4)


def test_shared_memory_carries_the_answers_of_every_device() -> None:
    small = CpuMemory(resting_bytes=0, area=None, sizes=(SMALL,))
    apart = MemoryUse(
        shared_bytes=0,
        devices={
            "cpu": DeviceMemory(available_bytes=1, engines={"text_encoder": small}),
            "cuda": DeviceMemory(available_bytes=1, engines={"transformer": ENGINE}),
        },
    )

    assert apart.needed_shared(video(300)) == USE.needed_shared(video(300))


def test_it_survives_its_journey_as_json() -> None:
    arrived = MemoryUse.model_validate_json(USE.model_dump_json())

    assert arrived.devices["cpu"].needed([video(300)]) == DEVICE.needed([video(300)])
    assert arrived.needed_shared(video(300)) == USE.needed_shared(video(300))
