"""The checkpoint's tokenizer as the one file that the `tokenizers` package reads."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transformers import T5TokenizerFast

from export.checkpoint import Checkpoint


def save_tokenizer(checkpoint: Checkpoint, file: Path) -> None:
    """Write `tokenizer.json`: text to ids with `</s>` at the end, nothing padded or cut.

    transformers reads the checkpoint's tokenizer.json, or else converts its sentencepiece model
    (spiece.model), so the ids are those of the reference pipeline.
    """
    with _any_protobuf():
        fast = T5TokenizerFast.from_pretrained(checkpoint.folder / "tokenizer")
    tokenizer = fast.backend_tokenizer
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.save(str(file))


@contextmanager
def _any_protobuf() -> Iterator[None]:
    """Let sentencepiece's generated code load beside an older protobuf.

    sentencepiece 0.2.3 is generated for protobuf 7 and refuses 6, which tritonclient needs; the
    one message that transformers reads through it is the same in both.
    """
    name = "TEMPORARILY_DISABLE_PROTOBUF_VERSION_CHECK"
    before = os.environ.get(name)
    os.environ[name] = "true"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
