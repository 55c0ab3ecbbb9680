"""Lighthouse's scores of pages."""

import json
import subprocess
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

from tests.browser import find_chromium
from tests.pages.site import PageCase

LEAST = 95  # of 100, in every category

Scores = dict[str, dict[str, int]]  # by preset and category

_PROGRAM = Path(__file__).with_name("lighthouse.mjs")


def scores(cases: Sequence[PageCase], modules: Path) -> list[Scores]:
    """Measure the pages, one after the other."""
    pages = [{"url": case.url, "isError": case.status != HTTPStatus.OK} for case in cases]
    command = ["node", str(_PROGRAM), str(modules), find_chromium(), str(LEAST)]
    done = subprocess.run(
        command, input=json.dumps(pages), text=True, check=True, stdout=subprocess.PIPE
    )
    found: list[Scores] = json.loads(done.stdout)
    return found
