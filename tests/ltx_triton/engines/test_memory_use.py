import pytest

from ltx_triton.engines.memory_use import CpuMemory, MemoryAt, MemoryUse

SMALL = MemoryAt(tokens=100, first_bytes=10, further_bytes=1, output_bytes=4)
LARGE = MemoryAt(tokens=300, first_bytes=50, further_bytes=3, output_bytes=6)
ENGINE = CpuMemory(resting_bytes=1000, sizes=(SMALL, LARGE))
USE = MemoryUse(
    available_bytes=10_000, shared_bytes=0, engines={"transformer": ENGINE, "vae_decoder": ENGINE}
)


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [(1, 10), (100, 10), (200, 30), (300, 50), (400, 70)],
    ids=["below", "first", "between", "last", "beyond"],
)
def test_sizes_in_between_and_beyond_are_on_the_line(tokens: int, expected: int) -> None:
    assert ENGINE.first_bytes(tokens) == expected


def test_beyond_the_last_size_nothing_falls() -> None:
    falling = CpuMemory(resting_bytes=0, sizes=(LARGE, MemoryAt(400, 40, 0, 0)))

    assert falling.first_bytes(350) == 45
    assert falling.first_bytes(1000) == 50


def test_one_measured_size_counts_for_all() -> None:
    engine = CpuMemory(resting_bytes=0, sizes=(SMALL,))

    assert engine.first_bytes(1) == engine.first_bytes(1000) == 10


def test_without_videos_the_engines_rest() -> None:
    assert USE.needed([]) == 2000


def test_an_engine_works_on_the_largest_video_and_keeps_a_little_of_the_others() -> None:
    assert USE.by_engine([100, 300, 100]) == {
        "transformer": 1000 + 50 + 1 + 1,
        "vae_decoder": 1000 + 50 + 1 + 1,
    }


def test_shared_memory_grows_with_the_largest_answer() -> None:
    assert USE.needed_shared(300) - USE.needed_shared(100) == 2 * (6 - 4)


def test_it_survives_its_journey_as_json() -> None:
    assert MemoryUse.model_validate_json(USE.model_dump_json()).needed([300]) == USE.needed([300])
