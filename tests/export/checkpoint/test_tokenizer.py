import io
import json
from pathlib import Path

import pytest
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
from tokenizers import Tokenizer
from transformers import T5TokenizerFast

from export.checkpoint.folder import FolderCheckpoint
from export.checkpoint.tokenizer import save_tokenizer

EOS = 1
SENTENCES = (
    "A red fish swims in the blue ocean.",
    "The woman walks through the forest at night, slowly.",
    "Camera moves around an old building; it is 3:45 p.m.",
    "Über den Wolken, naïve café — “quoted” text… 100% sure?",
    "waves crash against rocks and the light turns gold",
)
PROMPTS = (
    "A red fish",
    "",
    "   ",
    "  leading and   double  spaces ",
    "tab\tnewline\nend ",
    "\ufb01ne \u2460 \uff46\uff55\uff4c\uff4cwidth \u2163",
    "猫が走る",
    "🎬🐟 film",
    "naïve cafe\u0301",
    "zero\u200bwidth no\u00a0break soft\u00adhyphen bell\u0007",
    "▁under ▁",
    "ЯРУССКИЙ don't—stop…",
    "x" * 50,
    "the waves crash against old rocks, " * 80,
)


@pytest.fixture(scope="module")
def sentencepiece_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> FolderCheckpoint:
    """A checkpoint whose tokenizer is a sentencepiece model, as in the original T5."""
    folder = tmp_path_factory.mktemp("sentencepiece")
    (folder / "tokenizer").mkdir()
    model = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 30),
        model_writer=model,
        model_type="unigram",
        vocab_size=120,
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=EOS,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    (folder / "tokenizer" / "spiece.model").write_bytes(model.getvalue())
    settings = {"tokenizer_class": "T5Tokenizer", "model_max_length": 128, "extra_ids": 100}
    (folder / "tokenizer" / "tokenizer_config.json").write_text(json.dumps(settings))
    return FolderCheckpoint(folder)


def saved(checkpoint: FolderCheckpoint, folder: Path) -> Tokenizer:
    save_tokenizer(checkpoint, folder / "tokenizer.json")
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


@pytest.mark.parametrize("prompt", PROMPTS)
def test_converted_sentencepiece_model_gives_the_ids_of_sentencepiece(
    prompt: str, sentencepiece_checkpoint: FolderCheckpoint, tmp_path: Path
) -> None:
    model_file = sentencepiece_checkpoint.folder / "tokenizer" / "spiece.model"
    original = SentencePieceProcessor(model_file=str(model_file))
    ids = saved(sentencepiece_checkpoint, tmp_path).encode(prompt).ids
    assert ids == [*original.encode(prompt), EOS]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_tokenizer_file_gives_the_ids_of_the_reference_pipeline(
    prompt: str, checkpoint: FolderCheckpoint, tmp_path: Path
) -> None:
    reference = T5TokenizerFast.from_pretrained(checkpoint.folder / "tokenizer")
    assert saved(checkpoint, tmp_path).encode(prompt).ids == reference(prompt).input_ids


def test_long_prompts_are_not_cut_and_can_be_cut_like_the_reference(
    checkpoint: FolderCheckpoint, tmp_path: Path
) -> None:
    prompt = "A woman walks through the forest. " * 80
    reference = T5TokenizerFast.from_pretrained(checkpoint.folder / "tokenizer")
    cut = reference(prompt, padding="max_length", max_length=256, truncation=True).input_ids
    ids = saved(checkpoint, tmp_path).encode(prompt).ids
    assert len(ids) > 256
    assert [*ids[:255], ids[-1]] == cut
    assert ids[-1] == EOS


def test_short_prompts_are_not_padded(checkpoint: FolderCheckpoint, tmp_path: Path) -> None:
    tokenizer = saved(checkpoint, tmp_path)
    assert tokenizer.padding is None
    assert tokenizer.truncation is None
    assert len(tokenizer.encode("a cat").ids) == 3
    assert tokenizer.token_to_id("<pad>") == 0
