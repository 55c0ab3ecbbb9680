"""The demo checkpoint's tokenizer: a word of the world's captions is a piece."""

from pathlib import Path

from export.random_tokenizer import save_tokenizer
from world.captions import vocabulary


def save_demo_tokenizer(folder: Path) -> int:
    """Write it so that `T5TokenizerFast.from_pretrained(folder)` loads it.

    Returns:
        Number of ids.
    """
    words = vocabulary()
    capitalised = [word.capitalize() for word in words]
    return save_tokenizer(folder, [*words, *capitalised], parts=words)
