from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pages.site import PageCase, make_plain_videos, site
from tests.pages.tools import node_modules


@pytest.fixture(scope="package")
def modules() -> Path:
    return node_modules()


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[PageCase]]:
    with site(tmp_path_factory.mktemp("site"), make_plain_videos) as cases:
        yield cases
