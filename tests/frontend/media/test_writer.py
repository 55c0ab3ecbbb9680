import asyncio
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from frontend.media.writer import EncodingError, Mp4Writer
from ltx_triton.settings import Mp4Preset
from ltx_triton.video_spec import VideoSpec
from tests.frontend.fake_triton import make_frames

SPEC = VideoSpec(prompt="x", num_frames=12, height=64, width=96, frame_rate=12.0, seed=3)
FRAMES = make_frames(SPEC)


def writer(folder: Path, frame_rate: float = 12.0, preset: Mp4Preset = "ultrafast") -> Mp4Writer:
    spec = SPEC.model_copy(update={"frame_rate": frame_rate})
    return Mp4Writer(folder / "video.mp4", folder / ".video.partial", spec, preset)


async def encode(
    folder: Path, frames: NDArray[np.uint8] = FRAMES, preset: Mp4Preset = "ultrafast"
) -> int:
    async with writer(folder, preset=preset) as mp4:
        await mp4.write(frames)
        return await mp4.finish()


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_the_video_holds_exactly_the_frames_at_the_exact_rate(tmp_path: Path) -> None:
    async def encode() -> int:
        async with writer(tmp_path, frame_rate=7.0) as mp4:
            await mp4.write(FRAMES[:5])
            assert not (tmp_path / "video.mp4").exists()
            await mp4.write(FRAMES[5:])
            return await mp4.finish()

    size = asyncio.run(encode())
    video = tmp_path / "video.mp4"
    assert names(tmp_path) == ["video.mp4"]
    assert video.stat().st_size == size

    reader = imageio_ffmpeg.read_frames(video)
    meta = next(reader)
    decoded = [np.frombuffer(frame, np.uint8).reshape(64, 96, 3) for frame in reader]
    assert (meta["fps"], meta["source_size"], meta["codec"]) == (7.0, (96, 64), "h264")
    assert "yuv420p" in meta["pix_fmt"]
    assert len(decoded) == len(FRAMES)
    difference = np.abs(np.stack(decoded).astype(int) - FRAMES).mean()
    assert difference < 4
    # The index comes first, so that players can begin before they have the whole file.
    content = video.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_a_slower_preset_makes_a_smaller_file(tmp_path: Path) -> None:
    large, small = (
        asyncio.run(encode(tmp_path, preset=preset)) for preset in ("ultrafast", "veryfast")
    )

    assert small < large


def test_frames_that_are_no_contiguous_array_are_encoded_too(tmp_path: Path) -> None:
    asyncio.run(encode(tmp_path, np.repeat(FRAMES, 2, axis=2)[:, :, ::2]))
    assert names(tmp_path) == ["video.mp4"]


def test_an_abandoned_video_leaves_no_file_and_no_process(tmp_path: Path) -> None:
    async def abandon() -> None:
        async with writer(tmp_path) as mp4:
            await mp4.write(FRAMES)
            assert ffmpegs()
            raise asyncio.CancelledError

    def ffmpegs() -> list[psutil.Process]:
        return [child for child in psutil.Process().children() if "ffmpeg" in child.name()]

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(abandon())
    assert names(tmp_path) == []
    assert not ffmpegs()


def test_a_video_that_is_cancelled_while_ffmpeg_starts_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cancel() -> None:
        starting = asyncio.Event()

        async def start(*_: object, **__: object) -> None:
            starting.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(asyncio, "create_subprocess_exec", start)
        encoding = asyncio.create_task(encode(tmp_path))
        await starting.wait()
        assert names(tmp_path) == [".video.partial"]
        encoding.cancel()
        await encoding

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_written_to_is_noticed_before_the_first_frame(
    tmp_path: Path,
) -> None:
    async def start() -> None:
        async with writer(tmp_path / "no such folder"):
            pytest.fail("it must not begin")

    with pytest.raises(EncodingError) as raised:
        asyncio.run(start())
    assert str(raised.value) == "The video cannot be written: No such file or directory"


def test_a_full_disk_fails_and_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / ".video.partial").symlink_to("/dev/full")

    with pytest.raises(EncodingError) as raised:
        asyncio.run(encode(tmp_path))
    assert str(raised.value) == "The video could not be written: No space left on device"
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("last_words", "error"),
    [
        ("out.mp4: Disk quota exceeded", "Disk quota exceeded"),
        ("cannot write /srv/videos/out.mp4", "ffmpeg ended with exit status 3"),
        ("", "ffmpeg ended with exit status 3"),
    ],
)
def test_the_error_is_one_sentence_without_paths_and_the_log_has_it_all(
    last_words: str,
    error: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\necho '{last_words}' >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", lambda: str(program))

    async def encode() -> None:
        async with writer(tmp_path) as mp4:
            await mp4.finish()

    with pytest.raises(EncodingError) as raised:
        asyncio.run(encode())
    assert str(raised.value) == f"The video could not be written: {error}"
    assert last_words in caplog.text


def test_a_video_that_cannot_get_its_name_fails_without_telling_paths(tmp_path: Path) -> None:
    (tmp_path / "video.mp4").mkdir()

    with pytest.raises(EncodingError) as raised:
        asyncio.run(encode(tmp_path))
    assert str(raised.value) == "The video cannot be written: Is a directory"
