"""The checkpoint's tokenizer as the one file that the `tokenizers` package reads."""

from pathlib import Path

from transformers import T5TokenizerFast

from export.checkpoint.folder import Checkpoint


def save_tokenizer(checkpoint: Checkpoint, file: Path) -> None:
    """Write `tokenizer.json`: text to ids with `</s>` at the end, nothing padded or cut.

    transformers reads the checkpoint's tokenizer.json, or else converts its sentencepiece model
    (spiece.model), so the ids are those of the reference pipeline.
    """
    fast = T5TokenizerFast.from_pretrained(checkpoint.folder / "tokenizer")
    tokenizer = fast.backend_tokenizer
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.save(str(file))
