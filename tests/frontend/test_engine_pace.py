import pytest

from frontend.engine_pace import EnginePace
from ltx_triton.video_spec import VideoSpec

LARGEST = 512 * 512 * 256


@pytest.fixture
def pace() -> EnginePace:
    return EnginePace(LARGEST)


def spec(side: int, num_frames: int) -> VideoSpec:
    return VideoSpec(
        prompt="x", seed=0, width=side, height=side, num_frames=num_frames, frame_rate=8
    )


def test_engines_that_were_never_measured_have_ten_minutes(pace: EnginePace) -> None:
    assert pace.allowed_silence() == 600


def test_the_slowest_step_counts_by_the_size_of_its_video(pace: EnginePace) -> None:
    pace.record_step(spec(512, 32), 1)
    assert pace.allowed_silence() == pytest.approx(80)
    pace.record_step(spec(512, 128), 8)
    pace.record_step(spec(512, 128), 2)
    assert pace.allowed_silence() == pytest.approx(160)


def test_fast_engines_have_a_minute_even_if_only_small_videos_were_made(pace: EnginePace) -> None:
    pace.record_step(spec(64, 1), 0.02)

    assert pace.allowed_silence() == 60
