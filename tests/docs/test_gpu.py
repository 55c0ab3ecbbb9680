"""docs/gpu.md holds the table that the command writes."""

import json
from pathlib import Path

from benchmarks.card_memory import RESULT, cards

TEXT = (Path(__file__).parents[2] / "docs" / "gpu.md").read_text()
FIGURES = json.loads(RESULT.read_text())


def test_the_table_is_computed_from_the_counted_weights() -> None:
    assert cards(FIGURES["weights"]) in TEXT


def test_the_text_encoders_share_of_the_host_is_measured() -> None:
    measured = FIGURES["text_encoder_on_cpu"]
    share = measured["resting_bytes"] / measured["weight_bytes"]
    assert f"{measured['layers']} layers of T5-XXL in {measured['precision'].upper()}" in TEXT
    assert f"{share:.1f} times" in TEXT
