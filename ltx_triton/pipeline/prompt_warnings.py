"""Warn of words that the model does not know, or never reads."""

import re

from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.pipeline.tokenizer import PromptTokenizer

_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
_MOST_WORDS = 10  # named in a warning
_QUOTED = 40  # characters


def prompt_warnings(
    prompt: str, tokenizer: PromptTokenizer, config: PipelineConfig, *, is_negative: bool = False
) -> tuple[str, ...]:
    """Return a sentence on unknown words and one on a cut, or neither."""
    where = " (in the negative prompt)" if is_negative else ""
    name = "the negative prompt" if is_negative else "the prompt"
    read = tokenizer.read(prompt)
    warnings = []
    if config.known_words:
        known = set(config.known_words)
        # A word that only looks known, such as RED, is spelled letter by letter all the same.
        words = [word[0] for word in _WORD.finditer(prompt) if word.start() < read.end]
        unknown = [
            word
            for word in dict.fromkeys(words)
            if word.lower() not in known or word not in read.pieces
        ]
        if unknown:
            warnings.append(f"{config.model_name} does not know: {_listed(unknown)}{where}")
    if rest := prompt[read.end :].strip():
        quoted = rest if len(rest) <= _QUOTED else f"{rest[:_QUOTED].rstrip()}…"
        warnings.append(f"{name} was cut after {config.text_length} tokens, at '{quoted}'")
    return tuple(warnings)


def _listed(words: list[str]) -> str:
    named = ", ".join(words[:_MOST_WORDS])
    more = len(words) - _MOST_WORDS
    return f"{named} and {more} more" if more > 0 else named
