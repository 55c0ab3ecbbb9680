"""Folders of this project: what it ships, and where it keeps what it makes.

In a checkout both are in the checkout. An installed package may be write-protected and is replaced
by the next upgrade, so its files belong in the user's own folder.
"""

import os
from pathlib import Path

SHIPPED = Path(__file__).resolve().parents[1]
_APPLICATION = "ltx-video"


def kept_folder(path: str, shipped: Path = SHIPPED) -> Path:
    """Return `path` of a checkout; for an installed package the folder of that name in its own."""
    if any(shipped.glob("ltx_triton-*.dist-info")):
        return _data_home() / _APPLICATION / Path(path).name
    return shipped / path


def _data_home() -> Path:
    """Follow the XDG Base Directory Specification, which takes a relative path for none."""
    given = Path(os.environ.get("XDG_DATA_HOME", ""))
    return given if given.is_absolute() else Path("~/.local/share").expanduser()
