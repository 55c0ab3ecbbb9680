import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ltx_triton.contract import TEXT_ENCODER, ModelContract
from ltx_triton.engines.in_process import InProcessEngines, generate_video
from ltx_triton.engines.session import NO_PARAMETERS, Arrays, Parameters
from ltx_triton.pipeline import embeddings
from ltx_triton.pipeline.embeddings import PromptEmbeddings
from ltx_triton.video_spec import VideoSpec
from tests.ltx_triton.pipeline.test_loop import loop_over


class CountingEngines(InProcessEngines):
    """Real engines that count the calls of the text encoder."""

    calls = 0

    async def run(
        self, model: ModelContract, inputs: Arrays, parameters: Parameters = NO_PARAMETERS
    ) -> dict[str, NDArray[Any]]:
        self.calls += model is TEXT_ENCODER
        return await super().run(model, inputs, parameters)


@pytest.fixture
def engines(repository: Path) -> CountingEngines:
    return CountingEngines(repository)


def video(prompt: str) -> VideoSpec:
    return VideoSpec(prompt=prompt, num_frames=9, height=64, width=64, frame_rate=8.0, seed=1)


def test_the_same_prompt_is_encoded_once_and_gives_the_same_video(
    repository: Path, engines: CountingEngines
) -> None:
    loop = loop_over(repository, engines)
    first = generate_video(loop, video("a red ball"))
    assert engines.calls == 1

    another = generate_video(loop, video("a blue square"))
    assert engines.calls == 2

    again = generate_video(loop, video("a red ball"))
    assert engines.calls == 2
    assert again.tobytes() == first.tobytes() != another.tobytes()


def text(*tokens: int, length: int = 32, read: int = 32) -> dict[str, NDArray[np.int32]]:
    """A prompt of each token alone, of which so many are read."""
    ids = np.repeat(np.array([tokens], np.int32).T, length, axis=1)
    return {"input_ids": ids, "attention_mask": np.int32(np.arange(length) < read) + 0 * ids}


def test_prompts_differ_by_tokens_mask_and_shape(engines: CountingEngines) -> None:
    kept = PromptEmbeddings(engines)
    different = [text(3), text(4), text(3, read=9), text(3, length=64), text(3, 4), text(4, 3)]

    async def encode_all() -> list[bytes]:
        return [(await kept.encode(each)).tobytes() for each in different]

    first = asyncio.run(encode_all())

    assert engines.calls == len(different)
    assert asyncio.run(encode_all()) == first
    assert engines.calls == len(different)
    assert len(set(first)) == len(different)


def test_the_prompt_that_was_asked_for_longest_ago_is_forgotten(
    engines: CountingEngines, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = PromptEmbeddings(engines)

    async def calls_for(*tokens: int) -> int:
        before = engines.calls
        size = max([(await kept.encode(text(token))).nbytes for token in tokens])
        monkeypatch.setattr(embeddings, "_KEPT_BYTES", 2 * size)
        return engines.calls - before

    assert asyncio.run(calls_for(1, 2)) == 2
    assert asyncio.run(calls_for(1)) == 0
    assert asyncio.run(calls_for(3)) == 1  # forgets 2
    assert asyncio.run(calls_for(1, 3)) == 0
    assert asyncio.run(calls_for(2)) == 1
