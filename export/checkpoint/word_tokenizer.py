"""Write a small T5 tokenizer for a given list of words."""

import string
from collections.abc import Sequence
from pathlib import Path

from transformers import T5TokenizerFast

_SPECIAL_PIECES = ("<pad>", "</s>", "<unk>")


def _vocabulary(words: Sequence[str], parts: Sequence[str]) -> list[tuple[str, float]]:
    """Return unigram pieces with log-probabilities, in T5's order: special pieces first.

    Every ASCII character and many accented letters are pieces of their own, so any word splits
    into known pieces; other characters become `<unk>`, as with the original vocabulary.
    """
    pieces = [(piece, 0.0) for piece in _SPECIAL_PIECES]
    pieces += [("▁", -4.0)]
    pieces += [(f"▁{word}", -6.0 - 0.01 * rank) for rank, word in enumerate(words)]
    pieces += [(part, -7.0) for part in parts]
    characters = string.ascii_letters + string.digits + string.punctuation
    characters += "".join(chr(code) for code in range(0xC0, 0x180))
    pieces += [(character, -9.0) for character in characters]
    return pieces


def save_word_tokenizer(folder: Path, words: Sequence[str], parts: Sequence[str]) -> int:
    """Write the tokenizer in the format of `T5TokenizerFast.from_pretrained`.

    Args:
        folder: created if missing.
        words: whole words, by decreasing probability.
        parts: pieces inside words.

    Returns:
        Number of ids, sentinels (`<extra_id_0>`...) included.
    """
    vocab = _vocabulary(words, parts) + [(f"<extra_id_{n}>", 0.0) for n in range(99, -1, -1)]
    tokenizer = T5TokenizerFast(vocab=vocab, model_max_length=512)
    tokenizer.save_pretrained(folder)
    return len(tokenizer)
