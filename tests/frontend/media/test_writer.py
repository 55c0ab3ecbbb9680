import asyncio
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from PIL import Image

from frontend.media.description import Description
from frontend.media.ffmpeg import EncodingError
from frontend.media.reader import read
from frontend.media.writer import Mp4Writer
from ltx_triton import __version__
from ltx_triton.settings import Mp4Preset
from ltx_triton.video_spec import VideoSpec
from tests.frontend.fake_triton import INFO, make_frames
from tests.frontend.media.ffmpeg import ffmpeg, ffmpegs, tags

SPEC = VideoSpec(prompt="x", num_frames=12, height=64, width=96, frame_rate=12.0, seed=3)
FRAMES = make_frames(SPEC)


def writer(
    folder: Path, preset: Mp4Preset = "ultrafast", *, private: bool = False, **values: Any
) -> Mp4Writer:
    spec = SPEC.model_copy(update=values)
    path, partial = folder / "video.mp4", folder / ".video.partial"
    return Mp4Writer(path, partial, spec, preset, private=private)


async def encode(folder: Path, frames: NDArray[np.uint8] = FRAMES, **options: Any) -> int:
    async with writer(folder, **options) as mp4:
        mp4.describe(INFO)
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


COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 50, 100)]


def test_the_colours_are_those_of_the_frames_for_whoever_decodes_by_the_tags(
    tmp_path: Path,
) -> None:
    patches = np.repeat(np.array(COLOURS, np.uint8), 16, axis=0)
    frames = np.broadcast_to(patches, (12, 64, 96, 3))
    asyncio.run(encode(tmp_path, frames))
    video = tmp_path / "video.mp4"

    meta, *_ = imageio_ffmpeg.read_frames(video)
    assert meta["pix_fmt"] == "yuv420p(tv, bt709, progressive)"  # range, and all three of the rest

    # BT.709 by its formulas, so that no library's guess takes part.
    planes = np.frombuffer(
        ffmpeg("-i", video, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"), np.uint8
    ).reshape(12, 64 * 96 * 3 // 2)[-1]
    y = planes[: 64 * 96].reshape(64, 96)[32, 8::16]
    u, v = (plane.reshape(32, 48)[16, 4::8] for plane in np.split(planes[64 * 96 :], 2))
    luma = (y.astype(float) - 16) / 219
    blue = luma + 1.8556 * (u.astype(float) - 128) / 224
    red = luma + 1.5748 * (v.astype(float) - 128) / 224
    green = (luma - 0.2126 * red - 0.0722 * blue) / 0.7152
    decoded = 255 * np.stack([red, green, blue], axis=1)
    assert np.abs(decoded - COLOURS).max() < 3


def test_the_cover_is_the_middle_frame_and_the_video_comes_first(tmp_path: Path) -> None:
    frames = np.zeros((12, 64, 96, 3), np.uint8)
    frames[6] = (200, 50, 100)
    asyncio.run(encode(tmp_path, frames))
    video = tmp_path / "video.mp4"

    cover = Image.open(
        BytesIO(ffmpeg("-i", video, "-map", "0:v:1", "-c", "copy", "-f", "image2pipe", "-"))
    )

    assert (cover.format, cover.size) == ("JPEG", (96, 64))
    assert np.abs(np.asarray(cover).astype(int) - (200, 50, 100)).max() <= 4
    assert read(video).codec == "h264"
    assert len(read(video).frames) == 12


def test_a_video_of_one_frame_has_a_cover(tmp_path: Path) -> None:
    asyncio.run(encode(tmp_path, FRAMES[:1], num_frames=1))

    assert b"covr" in (tmp_path / "video.mp4").read_bytes()


def test_the_cover_of_a_large_video_is_small(tmp_path: Path) -> None:
    frames = np.zeros((2, 288, 512, 3), np.uint8)
    asyncio.run(encode(tmp_path, frames, width=512, height=288, num_frames=2))

    cover = ffmpeg(
        *("-i", tmp_path / "video.mp4", "-map", "0:v:1", "-c", "copy", "-f", "image2pipe", "-")
    )

    assert Image.open(BytesIO(cover)).size == (320, 180)


@pytest.mark.parametrize(
    "prompt",
    [
        "A cat",
        "a=b; #c \\ \"d\" 'e'\n[STREAM]\ncomment=forged\r\n;FFMETADATA1\\",
        "👩‍👩‍👧 猫が庭を歩く " * 700,
        "nothing\0but\x1bcontrol\x7f",
    ],
)
def test_title_and_comment_hold_the_prompt_whatever_it_is(prompt: str, tmp_path: Path) -> None:
    asyncio.run(encode(tmp_path, prompt=prompt))

    found = tags(tmp_path / "video.mp4")
    assert json.loads(found["comment"]) == {
        "prompt": prompt,
        "seed": 3,
        "model": "someone/Fake-Model",
        "version": f"ltx-triton {__version__}",
    }
    assert found["title"] == Description.of(SPEC.model_copy(update={"prompt": prompt}), None).title


def test_a_video_of_an_unknown_model_is_described_too(tmp_path: Path) -> None:
    async def encode() -> None:
        async with writer(tmp_path) as mp4:
            await mp4.write(FRAMES)
            await mp4.finish()

    asyncio.run(encode())
    assert json.loads(tags(tmp_path / "video.mp4")["comment"])["model"] is None


def test_a_private_video_says_nothing_of_its_prompt_but_has_a_cover(tmp_path: Path) -> None:
    asyncio.run(encode(tmp_path, private=True, prompt="A very secret cat"))

    content = (tmp_path / "video.mp4").read_bytes()
    assert tags(tmp_path / "video.mp4") == {}
    assert b"secret" not in content
    assert b"Fake-Model" not in content
    assert b"covr" in content


def test_the_prompt_is_in_no_command_line(tmp_path: Path) -> None:
    async def look() -> list[str]:
        async with writer(tmp_path, prompt="A very secret cat") as mp4:
            mp4.describe(INFO)
            await mp4.write(FRAMES)
            return [word for each in ffmpegs() for word in each.cmdline()]

    words = asyncio.run(look())
    assert "rawvideo" in words
    assert not any("secret" in word for word in words)


def test_a_video_that_is_abandoned_with_its_description_unread_leaves_nothing_open(
    tmp_path: Path,
) -> None:
    async def abandon() -> None:
        async with writer(tmp_path, prompt="猫" * 10_000) as mp4:
            for process in ffmpegs():
                process.suspend()
            mp4.describe(INFO)
            await asyncio.sleep(0.05)

    before = psutil.Process().num_fds()
    for _ in range(3):
        asyncio.run(abandon())
    assert names(tmp_path) == []
    assert psutil.Process().num_fds() <= before


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
