"""Every message in docs/troubleshooting.md is one that the code prints."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "troubleshooting.md"
SOURCES = ("export", "frontend", "ltx_command", "ltx_triton")
OF_PIP = "ERROR: Could not find a version that satisfies the requirement nvidia-pytriton …"
LEAST_LITERAL = 15  # characters: a pattern of placeholders alone would match everything


def messages() -> list[str]:
    blocks = re.findall(r"```text\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line != OF_PIP]


@cache
def patterns() -> list[re.Pattern[str]]:
    """Return a pattern for each string of the source, with anything in its placeholders."""
    files = [file for folder in SOURCES for file in (ROOT / folder).rglob("*.py")]
    texts = [text for file in files for text in _strings(ast.parse(file.read_text()))]
    texts += (ROOT / "Makefile").read_text().split('"')
    found = []
    for text in texts:
        literals = re.split(r"\0|%[sd]|\{\w+\}", " ".join(text.split()))
        if sum(map(len, literals)) >= LEAST_LITERAL:
            found.append(re.compile(".+".join(map(re.escape, literals))))
    return found


def _strings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def is_printed(message: str) -> bool:
    """Return whether a string of the source makes the message, or its part before '…'."""
    start = message.partition("…")[0].strip()
    return any(
        pattern.fullmatch(message) or (start != message and _begins(pattern, start))
        for pattern in patterns()
    )


def _begins(pattern: re.Pattern[str], start: str) -> bool:
    return bool(pattern.fullmatch(start)) or pattern.pattern.startswith(re.escape(start))


@pytest.mark.parametrize("message", messages())
def test_every_message_is_in_the_source(message: str) -> None:
    assert is_printed(message)


def test_other_messages_are_not_found() -> None:
    assert not is_printed("port 8000 is used by another program")
    assert not is_printed("Triton is tired …")
