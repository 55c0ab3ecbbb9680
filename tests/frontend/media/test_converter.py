"""Real videos of a white square that moves from left to right, and what is made from them."""

import asyncio
import os
import secrets
from contextlib import suppress
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from PIL import Image

from frontend.media.converter import Converter
from frontend.media.derived import Derived
from frontend.media.ffmpeg import EncodingError, NoRoomError
from frontend.media.writer import Mp4Writer
from ltx_triton.video_spec import VideoSpec
from tests.frontend.media.ffmpeg import ffmpegs

BACKGROUND = (200, 50, 100)
WIDTH, HEIGHT, SIDE = 640, 384, 64


def make_spec(num_frames: int = 25, frame_rate: float = 24.0) -> VideoSpec:
    return VideoSpec(
        prompt="x", num_frames=num_frames, width=WIDTH, height=HEIGHT, frame_rate=frame_rate
    )


def left(index: int, spec: VideoSpec) -> int:
    """Where the square begins in a frame, in pixels of the video."""
    return (WIDTH - SIDE) * index // max(1, spec.num_frames - 1)


def make_video(folder: Path, spec: VideoSpec) -> Path:
    frames = np.empty((spec.num_frames, HEIGHT, WIDTH, 3), np.uint8)
    frames[:] = BACKGROUND
    for index, frame in enumerate(frames):
        frame[160:224, left(index, spec) : left(index, spec) + SIDE] = 255
    path = folder / "video_20260102_030405_0badcafe.mp4"

    async def write() -> None:
        async with Mp4Writer(path, folder / ".partial", spec, "ultrafast", private=False) as mp4:
            await mp4.write(frames)
            await mp4.finish()

    asyncio.run(write())
    return path


def convert(video: Path, spec: VideoSpec, kind: Derived) -> Path:
    return asyncio.run(Converter().derived(video, spec, kind))


def find_square(image: NDArray[np.uint8]) -> float:
    """Where it begins, as a share of the width."""
    row = image[image.shape[0] // 2].min(axis=1)
    return float(np.argmax(row > 180)) / image.shape[1]


def pixels(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(image.convert("RGB"))


def animation(path: Path) -> tuple[list[NDArray[np.uint8]], list[int]]:
    """Frames and their milliseconds."""
    with Image.open(path) as image:
        count: int = getattr(image, "n_frames", 1)
        frames, durations = [], []
        for index in range(count):
            image.seek(index)
            frames.append(pixels(image))
            durations.append(image.info["duration"])
        assert image.info["loop"] == 0  # for ever
        return frames, durations


def is_near(pixel: NDArray[np.uint8], most: int) -> bool:
    return int(np.abs(pixel.astype(int) - BACKGROUND).max()) <= most


def test_the_thumbnail_is_the_frame_in_the_middle(tmp_path: Path) -> None:
    spec = make_spec()
    path = convert(make_video(tmp_path, spec), spec, Derived.THUMBNAIL)

    assert path.name == ".video_20260102_030405_0badcafe.thumbnail.webp"
    with Image.open(path) as image:
        assert (image.format, image.size) == ("WEBP", (320, 192))
        frame = pixels(image)
    assert find_square(frame) == pytest.approx(left(12, spec) / WIDTH, abs=0.01)
    assert is_near(frame[10, 10], 4)


@pytest.mark.parametrize(
    ("num_frames", "columns", "rows"), [(25, 4, 4), (16, 4, 4), (5, 3, 2), (2, 2, 1), (1, 1, 1)]
)
def test_the_sprites_are_moments_from_the_first_frame_to_the_last(
    num_frames: int, columns: int, rows: int, tmp_path: Path
) -> None:
    spec = make_spec(num_frames)
    path = convert(make_video(tmp_path, spec), spec, Derived.SPRITESHEET)

    with Image.open(path) as image:
        assert (image.format, image.size) == ("JPEG", (240 * columns, 144 * rows))
        sheet = pixels(image)
    count = min(16, num_frames)
    sprites = [
        sheet[144 * row : 144 * (row + 1), 240 * column : 240 * (column + 1)]
        for row in range(rows)
        for column in range(columns)
    ]
    places = [find_square(sprite) for sprite in sprites[:count]]
    assert places[0] == pytest.approx(0, abs=0.01)
    if count > 1:
        assert places[-1] == pytest.approx((WIDTH - SIDE) / WIDTH, abs=0.01)
        step = (WIDTH - SIDE) / WIDTH / (count - 1)
        assert all(
            later - sooner == pytest.approx(step, abs=0.04) for sooner, later in pairwise(places)
        )
    assert is_near(sprites[0][5, 120], 4)


@pytest.mark.parametrize(
    ("kind", "frame_rate", "made_rate", "size"),
    [
        (Derived.GIF, 8.0, 8.0, (320, 192)),
        (Derived.GIF, 24.0, 12.0, (320, 192)),
        (Derived.GIF, 60.0, 12.0, (320, 192)),
        (Derived.WEBP, 24.0, 24.0, (480, 288)),
        (Derived.WEBP, 60.0, 30.0, (480, 288)),
    ],
)
def test_an_animation_takes_as_long_as_the_video_and_shows_the_same(
    kind: Derived, frame_rate: float, made_rate: float, size: tuple[int, int], tmp_path: Path
) -> None:
    spec = make_spec(60, frame_rate)
    path = convert(make_video(tmp_path, spec), spec, kind)

    frames, durations = animation(path)
    assert sum(durations) == pytest.approx(1000 * 60 / frame_rate, abs=20)
    assert len(frames) == 60 * made_rate / frame_rate
    every = frame_rate / made_rate
    for index, frame in enumerate(frames):
        assert frame.shape == (size[1], size[0], 3)
        expected = left(round(index * every), spec) / WIDTH
        # A frame that is left out moves the square by as much as a frame.
        assert find_square(frame) == pytest.approx(expected, abs=0.01 + every / 60)
    assert find_square(frames[0]) < 0.05
    assert find_square(frames[-1]) > 0.82
    assert is_near(frames[0][10, 100], 6)


@pytest.mark.parametrize("kind", Derived)
def test_a_small_video_is_not_enlarged_and_the_type_is_as_stated(
    kind: Derived, tmp_path: Path
) -> None:
    spec = VideoSpec(prompt="x", num_frames=1, width=32, height=96, frame_rate=8.0)

    async def write() -> Path:
        path = tmp_path / "video_a.mp4"
        async with Mp4Writer(path, tmp_path / ".p", spec, "ultrafast", private=True) as mp4:
            await mp4.write(np.zeros((1, 96, 32, 3), np.uint8))
            await mp4.finish()
        return await Converter().derived(path, spec, kind)

    with Image.open(asyncio.run(write())) as image:
        assert image.size == (32, 96)
        assert image.get_format_mimetype() == kind.media_type


def test_it_is_made_once_however_many_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = make_spec()
    video = make_video(tmp_path, spec)
    started: list[str] = []

    def start() -> str:
        started.append(program)
        return program

    program: str = imageio_ffmpeg.get_ffmpeg_exe()
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", start)

    async def ask() -> None:
        converter = Converter()
        paths = await asyncio.gather(
            *(converter.derived(video, spec, Derived.THUMBNAIL) for _ in range(5))
        )
        assert len(set(paths)) == 1
        await converter.derived(video, spec, Derived.THUMBNAIL)

    asyncio.run(ask())
    convert(video, spec, Derived.THUMBNAIL)  # another worker
    assert len(started) == 1


def test_two_conversions_run_at_once_and_no_more(tmp_path: Path) -> None:
    spec = make_spec(60)
    videos = []
    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        videos.append(make_video(folder, spec))
    counts: set[int] = set()
    niceness: set[int] = set()

    async def watch(making: asyncio.Future[list[Path]]) -> None:
        while not making.done():
            running = ffmpegs()
            counts.add(len(running))
            with suppress(psutil.NoSuchProcess):
                niceness.update(each.nice() for each in running)
            await asyncio.sleep(0.005)

    async def make() -> None:
        converter = Converter()
        making = asyncio.gather(
            *(
                converter.derived(video, spec, kind)
                for video in videos
                for kind in (Derived.GIF, Derived.WEBP)
            )
        )
        await watch(making)
        await making

    asyncio.run(make())
    assert max(counts) == 2
    assert max(niceness) == max(10, psutil.Process().nice())


def test_two_workers_that_make_the_same_leave_one_whole_file(tmp_path: Path) -> None:
    spec = make_spec(60)
    video = make_video(tmp_path, spec)

    async def make() -> None:
        await asyncio.gather(*(Converter().derived(video, spec, Derived.GIF) for _ in range(2)))

    asyncio.run(make())
    made = Derived.GIF.path(video)
    assert sorted(tmp_path.iterdir()) == sorted([video, made])
    assert len(animation(made)[0]) == 30


def test_a_conversion_that_nobody_waits_for_leaves_no_file_and_no_process(tmp_path: Path) -> None:
    spec = make_spec(60)
    video = make_video(tmp_path, spec)

    async def abandon() -> None:
        making = asyncio.create_task(Converter().derived(video, spec, Derived.GIF))
        while not ffmpegs():  # noqa: ASYNC110  a process has no event
            await asyncio.sleep(0.002)
        making.cancel()
        await making

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(abandon())
    assert list(tmp_path.iterdir()) == [video]
    assert not ffmpegs()


def test_a_missing_video_and_one_that_goes_meanwhile_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = make_spec()
    video = make_video(tmp_path, spec)

    def replace(self: Path, target: Path) -> None:
        video.unlink()
        os.replace(self, target)  # noqa: PTH105

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(FileNotFoundError):
        convert(video, spec, Derived.GIF)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        convert(video, spec, Derived.GIF)


def test_a_file_that_is_no_video_fails_in_a_sentence(tmp_path: Path) -> None:
    video = tmp_path / "video_a.mp4"
    video.write_bytes(b"video")

    with pytest.raises(EncodingError) as raised:
        convert(video, make_spec(), Derived.SPRITESHEET)
    assert str(raised.value) == (
        "The spritesheet of the video could not be written: moov atom not found"
    )
    assert list(tmp_path.iterdir()) == [video]


@pytest.mark.parametrize("kind", Derived)
def test_a_full_disk_fails_and_leaves_no_file(
    kind: Derived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = make_spec()
    video = make_video(tmp_path, spec)
    monkeypatch.setattr(secrets, "token_hex", lambda _: "0")
    partial = kind.path(video)
    partial.with_name(f"{partial.name}.0.partial").symlink_to("/dev/full")

    with pytest.raises(NoRoomError):
        convert(video, spec, kind)
    assert list(tmp_path.iterdir()) == [video]


def test_a_folder_with_any_name_is_written_to(tmp_path: Path) -> None:
    folder = tmp_path / "a %03d: [b]'c'"
    folder.mkdir()
    spec = make_spec(2)
    video = make_video(folder, spec)

    for kind in Derived:
        assert Image.open(BytesIO(convert(video, spec, kind).read_bytes())).width > 200
