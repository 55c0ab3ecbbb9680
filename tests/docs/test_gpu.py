"""docs/gpu.md holds the tables that commands write, and says what the code does."""

import json
import re
from pathlib import Path

import pytest

from benchmarks import card_memory, rtx_plans
from benchmarks.gpu.__main__ import parse as benchmark_options
from export.__main__ import parse as export_options
from export.tensorrt.__main__ import parse as plan_options
from export.tensorrt.sizes import SIZE_NAMES, size_limits
from ltx_triton.settings import Settings
from tests.ltx_triton.pipeline.test_config import CONFIG

TEXT = (Path(__file__).parents[2] / "docs" / "gpu.md").read_text()
OPTION = re.compile(r"--[a-z][a-z-]+")
FIGURES = json.loads(card_memory.RESULT.read_text())


def test_the_cards_are_computed_from_the_counted_weights() -> None:
    assert card_memory.cards(FIGURES["weights"]) in TEXT


def test_the_plans_are_those_that_were_measured() -> None:
    assert rtx_plans.table(json.loads(rtx_plans.RESULT.read_text())["cases"]) in TEXT


def test_the_text_encoders_share_of_the_host_is_measured() -> None:
    measured = FIGURES["text_encoder_on_cpu"]
    share = measured["resting_bytes"] / measured["weight_bytes"]
    assert f"{measured['layers']} layers of T5-XXL in {measured['precision'].upper()}" in TEXT
    assert f"{share:.1f} times" in TEXT


def test_the_sizes_are_the_real_ones() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", TEXT, re.MULTILINE)
    assert [name for name, *_ in rows] == list(SIZE_NAMES)

    limits = size_limits(SIZE_NAMES, CONFIG, Settings())
    for name, pixels, frames in rows[:-1]:
        limit = limits[name]
        assert (pixels, frames) == (f"{limit.height} x {limit.width}", str(limit.num_frames))


def test_every_option_exists(capsys: pytest.CaptureFixture[str]) -> None:
    known = ""
    for show_help in (plan_options, export_options, benchmark_options, rtx_plans.parse):
        with pytest.raises(SystemExit):
            show_help(["--help"])
        known += capsys.readouterr().out

    ours = re.sub(r"docker compose.*|tritonserver .*", "", TEXT)
    options = set(OPTION.findall(ours))
    assert options
    assert options - set(OPTION.findall(known)) == set()
