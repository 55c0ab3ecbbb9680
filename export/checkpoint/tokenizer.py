"""Save the tokenizer as a single file for the `tokenizers` package."""

from pathlib import Path

from transformers import T5TokenizerFast

from export.checkpoint.checkpoint import Checkpoint


def save_tokenizer(checkpoint: Checkpoint, file: Path) -> None:
    """Write `tokenizer.json`: text to ids ending in `</s>`, without padding or truncation.

    transformers reads the checkpoint's tokenizer.json or converts its sentencepiece model
    (spiece.model), so the ids match the reference pipeline.
    """
    fast = T5TokenizerFast.from_pretrained(checkpoint.tokenizer)
    tokenizer = fast.backend_tokenizer
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.save(str(file))
