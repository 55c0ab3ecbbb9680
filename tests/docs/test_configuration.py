import re
from pathlib import Path
from typing import Any

from ltx_triton.settings import Settings

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"


def documented() -> dict[str, str]:
    """Variable -> default, as the table says it."""
    rows = re.findall(r"^\| `([A-Z_0-9]+)` \|(.*?)\|", DOCUMENT.read_text(), re.MULTILINE)
    return {name: default.strip("` ") for name, default in rows}


def test_every_variable_is_documented_and_every_documented_one_exists() -> None:
    assert set(documented()) == {name.upper() for name in Settings.model_fields}


def test_documented_defaults_are_the_real_ones() -> None:
    real = {
        name: field.default
        for name, field in Settings.model_fields.items()
        if field.default is not None
    }
    given: dict[str, Any] = {name: documented()[name.upper()] for name in real}
    assert Settings(**given).model_dump(include=set(real)) == real
