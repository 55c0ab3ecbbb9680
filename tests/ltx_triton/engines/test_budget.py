import pytest

from ltx_triton.engines.budget import must_unload_text_encoder, service_bytes
from ltx_triton.engines.memory_use import CpuMemory, MemoryAt

MB = 10**6


def engine(resting: int, working: int = 0) -> CpuMemory:
    sizes = (MemoryAt(1, working * MB, further_bytes=0, output_bytes=0),)
    return CpuMemory(resting_bytes=resting * MB, area=None, sizes=sizes)


@pytest.mark.parametrize(
    ("text_encoder", "transformer", "unloads"),
    [
        (engine(400), engine(400, 200), True),
        (engine(400), engine(300, 200), False),  # all fit
        (engine(400), engine(600), False),  # they rest beside it: nothing is won
        (engine(40), engine(600, 400), False),  # no more than its process
        (None, engine(600, 400), False),
    ],
)
def test_the_text_encoder_is_unloaded_where_that_makes_room(
    text_encoder: CpuMemory | None, transformer: CpuMemory, unloads: bool
) -> None:
    engines = {"transformer": transformer}
    if text_encoder:
        engines["text_encoder"] = text_encoder
    limit = 950 * MB + service_bytes(1, [25 * 512 * 512])

    assert must_unload_text_encoder(engines, limit) is unloads


def test_the_service_grows_with_workers_videos_and_their_frames() -> None:
    assert service_bytes(2, []) - service_bytes(1, []) == 100 * MB
    assert service_bytes(1, [10 * MB]) - service_bytes(1, []) == (30 + 3 * 10) * MB
