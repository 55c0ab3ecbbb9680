from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ltx_triton.contract import TEXT_ENCODER
from ltx_triton.engines.parts import run_in_parts
from ltx_triton.engines.session import Arrays


@pytest.mark.parametrize(
    ("limit", "expected"), [(96, [3]), (95, [2, 1]), (64, [2, 1]), (1, [1, 1, 1])]
)
def test_a_batch_of_many_tokens_is_computed_in_parts(
    monkeypatch: pytest.MonkeyPatch, limit: int, expected: list[int]
) -> None:
    ids = np.arange(3 * 32, dtype=np.int32).reshape(3, 32)
    sizes: list[int] = []

    def infer(part: Arrays) -> dict[str, NDArray[Any]]:
        sizes.append(len(part["input_ids"]))
        return {"prompt_embeds": part["input_ids"] * part["attention_mask"]}

    monkeypatch.setattr("ltx_triton.engines.parts._MOST_TOKENS", limit)
    outputs = run_in_parts(
        infer, TEXT_ENCODER, {"input_ids": ids, "attention_mask": np.full_like(ids, 2)}
    )

    assert np.array_equal(outputs["prompt_embeds"], 2 * ids)
    assert sizes == expected
