"""Prompts to token ids, padded to the smallest text bucket."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import TOKENIZER_FILE

PAD_TOKEN = "<pad>"  # noqa: S105  a token of the vocabulary, not a secret


@dataclass(frozen=True)
class PromptTokens:
    """INT32 [B, T]; the mask is 1 for real tokens, 0 for padding."""

    input_ids: NDArray[np.int32]
    attention_mask: NDArray[np.int32]


@dataclass(frozen=True)
class ReadPrompt:
    end: int  # characters until the cut
    pieces: frozenset[str]  # of the vocabulary


class PromptTokenizer:
    """The checkpoint's T5 tokenizer.

    The reference pads to the full text length and masks the padding, in T5 and in
    cross-attention, so less padding is cheaper and leaves the real tokens unchanged. Buckets keep
    the number of distinct shapes small, so that jobs can share a batch.
    """

    def __init__(self, folder: Path, config: PipelineConfig) -> None:
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        self._tokenizer.enable_truncation(config.text_length)
        self._pad_id = self._tokenizer.token_to_id(PAD_TOKEN)
        self._buckets = sorted(config.text_buckets)

    def read(self, prompt: str) -> ReadPrompt:
        """Return what `encode` makes of the prompt, as text."""
        encoding = self._tokenizer.encode(prompt)
        spans = [span for span in encoding.offsets if span[1] > span[0]]
        end = max((end for _, end in spans), default=0) if encoding.overflowing else len(prompt)
        return ReadPrompt(end, frozenset(prompt[start:end] for start, end in spans))

    def encode(self, *prompts: str) -> PromptTokens:
        """Tokenise as one batch, truncating each prompt to the checkpoint's text length."""
        texts = [self._tokenizer.encode(prompt).ids for prompt in prompts]
        longest = max(map(len, texts))
        length = next(bucket for bucket in self._buckets if bucket >= longest)
        input_ids = np.full((len(texts), length), self._pad_id, np.int32)
        attention_mask = np.zeros((len(texts), length), np.int32)
        for row, ids in enumerate(texts):
            input_ids[row, : len(ids)] = ids
            attention_mask[row, : len(ids)] = 1
        return PromptTokens(input_ids, attention_mask)
