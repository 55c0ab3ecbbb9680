import re
from pathlib import Path

from ltx_triton import __version__

DOCUMENT = Path(__file__).parents[2] / "CHANGELOG.md"


def test_the_first_entry_is_of_this_version() -> None:
    versions = re.findall(r"^## ([\d.]+) \(\d{4}-\d\d-\d\d\)$", DOCUMENT.read_text(), re.MULTILINE)
    assert versions[0] == __version__
