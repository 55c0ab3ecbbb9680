from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ltx_triton.contract import TEXT_ENCODER
from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.openvino.session import OpenVinoSession
from ltx_triton.engines.session import NO_PARAMETERS, Arrays, Parameters
from ltx_triton.engines.unloading import UnloadingSession
from ltx_triton.repository.layout import ENGINE_FILE
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

    def __init__(self, file: Path, seen: list[Held]) -> None:
        super().__init__(file, TEXT_ENCODER, CpuPrecision.FP32)
        self._seen = seen

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
        outputs.append(session.run(TEXT)["prompt_embeds"].tobytes())
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


def test_after_a_failure_the_next_run_works(file: Path) -> None:
    session = UnloadingSession(partial(WatchedSession, file, []))
    with pytest.raises(KeyError, match="input_ids"):
        session.run({})

    assert session.run(TEXT)["prompt_embeds"].shape == (1, 16, 1024)
