"""A small T5 tokenizer with a built-in vocabulary, for random checkpoints."""

import string
from collections.abc import Sequence
from pathlib import Path

from transformers import T5TokenizerFast

SPECIAL_PIECES = ("<pad>", "</s>", "<unk>")
SUFFIXES = ("s", "ed", "er", "es", "ing", "ly", "th", "tion")
WORDS = """
a an and are around as at back behind below beside big bird black blue boat bright brown building
by camera car cat city clear clouds cold dark day deep dog down dust evening eyes face fall field
fire fish flower fly fog forest from front glass gold grass green grey ground hair hand hill horse
house in into is it its lake lamp leaf leaves left light like long look low man mist moon morning
mountain move moves moving near night ocean of on open orange out over past people person pink
plane rain red river road rock room run runs sand sea shadow shot sits sky slow slowly small smile
smoke snow soft stand stands star stars stone storm street sun sunlight sunset the their then
through to train tree trees turn turns under up view walk walking walks wall warm water wave waves
white wide wind window with woman wood yellow young
"""


def vocabulary(words: Sequence[str], parts: Sequence[str]) -> list[tuple[str, float]]:
    """Unigram pieces with their log-probabilities, in T5's order: special pieces first.
    Every ASCII character and many accented letters are pieces of their own, so any word splits
    into known pieces; characters outside become `<unk>`, as with the original vocabulary.
    """
    pieces = [(piece, 0.0) for piece in SPECIAL_PIECES]
    pieces += [("▁", -4.0)]
    pieces += [(f"▁{word}", -6.0 - 0.01 * rank) for rank, word in enumerate(words)]
    pieces += [(part, -7.0) for part in parts]
    characters = string.ascii_letters + string.digits + string.punctuation
    characters += "".join(chr(code) for code in range(0xC0, 0x180))
    pieces += [(character, -9.0) for character in characters]
    return pieces


def save_tokenizer(folder: Path, words: Sequence[str], parts: Sequence[str] = SUFFIXES) -> int:
    """Write the tokenizer so that `T5TokenizerFast.from_pretrained(folder)` loads it.

    Returns:
        Number of ids, sentinels (`<extra_id_0>`...) included.
    """
    vocab = vocabulary(words, parts) + [(f"<extra_id_{n}>", 0.0) for n in range(99, -1, -1)]
    tokenizer = T5TokenizerFast(vocab=vocab, model_max_length=512)
    tokenizer.save_pretrained(folder)
    return len(tokenizer)
