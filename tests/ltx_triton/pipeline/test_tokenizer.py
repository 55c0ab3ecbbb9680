from pathlib import Path

import numpy as np
import pytest
from transformers import AutoTokenizer

from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.pipeline.tokenizer import PromptTokenizer


@pytest.fixture(scope="module")
def config(repository: Path) -> PipelineConfig:
    return PipelineConfig.load(repository / "ltx_video" / "1")


@pytest.fixture(scope="module")
def tokenizer(repository: Path, config: PipelineConfig) -> PromptTokenizer:
    return PromptTokenizer(repository / "ltx_video" / "1", config)


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "A cat walking in a garden",
        "  two  spaces\tand\na line break ",
        "naïve café 猫 🎈",
        "a red ball " * 200,
    ],
    ids=["empty", "plain", "white space", "unicode", "too long"],
)
def test_tokens_are_those_of_the_diffusers_pipeline(
    tokenizer: PromptTokenizer, config: PipelineConfig, checkpoint_folder: Path, prompt: str
) -> None:
    reference = AutoTokenizer.from_pretrained(checkpoint_folder / "tokenizer")(
        prompt,
        padding="max_length",
        max_length=config.text_length,
        truncation=True,
        add_special_tokens=True,
        return_tensors="np",
    )

    tokens = tokenizer.encode(prompt)

    real = reference["attention_mask"][0].sum()
    length = tokens.input_ids.shape[1]
    assert np.array_equal(tokens.input_ids, reference["input_ids"][:, :length])
    assert np.array_equal(tokens.attention_mask, reference["attention_mask"][:, :length])
    assert real <= length


def test_text_is_padded_to_the_smallest_bucket_that_holds_it(
    tokenizer: PromptTokenizer, config: PipelineConfig
) -> None:
    assert tokenizer.encode("red").input_ids.shape == (1, config.text_buckets[0])
    assert tokenizer.encode("red " * 500).input_ids.shape == (1, config.text_buckets[-1])


def test_texts_of_a_batch_are_padded_alike(tokenizer: PromptTokenizer) -> None:
    long = "red " * 50

    both = tokenizer.encode("", long)

    alone = tokenizer.encode(""), tokenizer.encode(long)
    length = both.input_ids.shape[1]
    assert both.input_ids.shape == both.attention_mask.shape == (2, length)
    assert length == alone[1].input_ids.shape[1] > alone[0].input_ids.shape[1]
    for row, text in enumerate(alone):
        real = text.attention_mask.sum()
        assert both.attention_mask[row].sum() == real
        assert np.array_equal(both.input_ids[row, :real], text.input_ids[0, :real])


def test_ids_and_mask_have_the_types_of_the_contract(tokenizer: PromptTokenizer) -> None:
    tokens = tokenizer.encode("red")

    assert tokens.input_ids.dtype == tokens.attention_mask.dtype == np.int32
