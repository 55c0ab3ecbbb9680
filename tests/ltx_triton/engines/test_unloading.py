import shutil
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ltx_triton.contract import TEXT_ENCODER, UNLOAD
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.open import open_session
from ltx_triton.engines.openvino.session import OpenVinoSession
from ltx_triton.engines.session import NO_PARAMETERS, Arrays, Parameters
from ltx_triton.engines.unloading import UnloadingSession
from ltx_triton.repository.layout import DATA_FILE, ENGINE_FILE
from tests.ltx_triton.engines.heavy import Held, held_bytes, write_text_encoder

MB = 2**20
TEXT = {name: np.full((1, 16), 3, np.int32) for name in ("input_ids", "attention_mask")}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("heavy") / ENGINE_FILE
    write_text_encoder(file, megabytes=320)
    return file


class WatchedSession(OpenVinoSession):
    """Notes what the process holds after each run."""

    opened = 0

    def __init__(self, file: Path, seen: list[Held]) -> None:
        super().__init__(file, TEXT_ENCODER, CpuPrecision.FP32)
        self._seen = seen
        WatchedSession.opened += 1

    def run(
        self, inputs: Arrays, parameters: Parameters = NO_PARAMETERS
    ) -> dict[str, NDArray[Any]]:
        outputs = super().run(inputs, parameters)
        self._seen.append(held_bytes())
        return outputs


def use(file: Path, times: int) -> tuple[list[Held], list[Held], list[bytes], int]:
    """Encode again and again; what the process holds while and after, and all outputs."""
    loaded: list[Held] = []
    session = UnloadingSession(partial(WatchedSession, file, loaded))
    unloaded, outputs = [], []
    for _ in range(times):
        outputs.append(session.run(TEXT, {UNLOAD: 1})["prompt_embeds"].tobytes())
        unloaded.append(held_bytes())
    return loaded, unloaded, outputs, session.memory_bytes()


@pytest.mark.alone
def test_after_each_use_the_memory_of_the_engine_is_given_back(file: Path) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        loaded, unloaded, outputs, reported = pool.submit(use, file, 6).result()

    for before, after in zip(loaded, unloaded, strict=True):
        assert before.anonymous - after.anonymous > 300 * MB
        assert before.mapped - after.mapped > 300 * MB
    assert unloaded[-1].anonymous - unloaded[0].anonymous < 4 * MB
    assert reported < 200 * MB
    assert len(set(outputs)) == 1


def test_it_is_open_from_the_start_and_stays_so_until_a_run_says_otherwise(file: Path) -> None:
    opened = WatchedSession.opened
    session = UnloadingSession(partial(WatchedSession, file, []))
    for parameters, times in (({}, 1), ({}, 1), ({UNLOAD: 1}, 1), ({}, 2), ({}, 2)):
        session.run(TEXT, parameters)
        assert WatchedSession.opened - opened == times


def fail(file: Path) -> tuple[Held, Held, Held]:
    """What the process holds before, while it reports a failure, and with the next run's engine."""
    session = UnloadingSession(partial(WatchedSession, file, []))
    before = held_bytes()
    try:
        session.run({}, {UNLOAD: 1})
    except KeyError:
        failed = held_bytes()
    session.run(TEXT)
    return before, failed, held_bytes()


@pytest.mark.alone
def test_a_run_that_fails_gives_the_memory_back_too_and_the_next_one_works(file: Path) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        before, failed, again = pool.submit(fail, file).result()

    assert before.anonymous - failed.anonymous > 300 * MB
    assert again.anonymous - failed.anonymous > 300 * MB


def test_an_engine_that_cannot_be_opened_shows_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"model\.onnx is missing"):
        UnloadingSession(partial(open_session, tmp_path, TEXT_ENCODER))


def test_an_engine_that_is_gone_is_named_and_the_next_run_works_once_it_is_back(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_DEVICE", "cpu")
    copied = tmp_path / "text_encoder" / "1"
    shutil.copytree(file.parent, copied)
    session = UnloadingSession(partial(open_session, copied, TEXT_ENCODER))
    before = session.run(TEXT, {UNLOAD: 1})["prompt_embeds"].tobytes()
    weights = (copied / DATA_FILE).rename(tmp_path / "elsewhere")

    for _ in range(2):
        with pytest.raises(FileNotFoundError, match=r"1/model\.onnx\.data is missing"):
            session.run(TEXT, {UNLOAD: 1})

    weights.rename(copied / DATA_FILE)
    assert session.run(TEXT, {UNLOAD: 1})["prompt_embeds"].tobytes() == before
