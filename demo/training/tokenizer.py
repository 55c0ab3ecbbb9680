"""The tokenizer of the demo checkpoint: each word of the captions is one piece."""

from pathlib import Path

from demo.shapes.captions import vocabulary
from export.checkpoint.word_tokenizer import save_word_tokenizer


def save_demo_tokenizer(folder: Path) -> int:
    """Write the tokenizer; return the number of ids."""
    words = vocabulary()
    capitalised = [word.capitalize() for word in words]
    return save_word_tokenizer(folder, [*words, *capitalised], parts=words)
