from pathlib import Path
from random import Random

import pytest
from transformers import T5TokenizerFast

from demo.shapes.captions import caption, vocabulary
from demo.shapes.sampling import sample_attributes
from demo.training.tokenizer import save_demo_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> T5TokenizerFast:
    folder = tmp_path_factory.mktemp("tokenizer")
    save_demo_tokenizer(folder)
    return T5TokenizerFast.from_pretrained(folder)


@pytest.mark.parametrize("word", ["red", "Red", "medium-sized", "five-pointed"])
def test_words_of_the_captions_are_single_pieces(tokenizer: T5TokenizerFast, word: str) -> None:
    pieces = tokenizer.tokenize(word)
    assert "".join(pieces).replace("▁", "") == word
    assert len(pieces) == 1 + 2 * word.count("-")


@pytest.mark.parametrize("text", ["zebra", "Über", "日本", "🙂 red", "a\x00b"])
def test_unknown_words_do_not_break_it(tokenizer: T5TokenizerFast, text: str) -> None:
    ids = tokenizer(text)["input_ids"]
    assert len(ids) > 1
    assert ids[-1] == tokenizer.eos_token_id


def test_the_longest_captions_fit(tokenizer: T5TokenizerFast) -> None:
    random = Random(0)
    texts = [
        caption(sample_attributes(random, held_out=False), random, complete=False)
        for _ in range(2000)
    ]
    lengths = sorted(len(ids) for ids in tokenizer(texts)["input_ids"])
    assert lengths[-20] <= 40
    assert max(len(tokenizer.tokenize(word)) for word in vocabulary()) == 1


def test_it_is_reproducible(tmp_path: Path) -> None:
    for name in ("one", "other"):
        save_demo_tokenizer(tmp_path / name)
    one, other = ((tmp_path / name / "tokenizer.json").read_bytes() for name in ("one", "other"))
    assert one == other
