"""docs/tensorrt.md says what the code does."""

import re
from pathlib import Path

import pytest

from benchmarks.gpu.__main__ import parse as benchmark_options
from export.__main__ import parse as export_options
from export.tensorrt.__main__ import parse as plan_options
from export.tensorrt.sizes import SIZE_NAMES, size_limits
from ltx_triton.settings import Settings
from tests.ltx_triton.pipeline.test_config import CONFIG

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "tensorrt.md").read_text()


def test_the_sizes_are_the_real_ones() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", TEXT, re.MULTILINE)
    assert [name for name, *_ in rows] == list(SIZE_NAMES)

    limits = size_limits(SIZE_NAMES, CONFIG, Settings())
    for name, pixels, frames in rows[:-1]:
        limit = limits[name]
        assert (pixels, frames) == (f"{limit.height} x {limit.width}", str(limit.num_frames))


def test_every_option_exists(capsys: pytest.CaptureFixture[str]) -> None:
    known = ""
    for show_help in (plan_options, export_options, benchmark_options):
        with pytest.raises(SystemExit):
            show_help(["--help"])
        known += capsys.readouterr().out

    options = set(re.findall(r"--[a-z][a-z-]+", TEXT)) - {
        "--model-repository",
        "--model-config-name",
    }
    assert options
    assert {option for option in options if option not in known} == set()
