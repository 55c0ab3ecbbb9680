"""The demo checkpoint's tokenizer: a word of the world's captions is a piece."""

from pathlib import Path

from demo.shapes.captions import vocabulary
from export.random.tokenizer import save_tokenizer


def save_demo_tokenizer(folder: Path) -> int:
    """Write it so that `T5TokenizerFast.from_pretrained(folder)` loads it.

    Returns:
        Number of ids.
    """
    words = vocabulary()
    capitalised = [word.capitalize() for word in words]
    return save_tokenizer(folder, [*words, *capitalised], parts=words)
