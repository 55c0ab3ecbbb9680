"""The exporter's choice of linears for INT8 follows from what was measured."""

import json
from pathlib import Path

import pytest

from export.fp8.sensitivity import LIMIT

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
MEASURED = json.loads((RESULTS / "int8_error.json").read_text())


checkpoints = pytest.mark.parametrize("checkpoint", ["demo", "random, wider"])


@checkpoints
@pytest.mark.parametrize("model", ["text_encoder", "transformer"])
def test_what_takes_int8_costs_its_share_at_most(checkpoint: str, model: str) -> None:
    groups = MEASURED["models"][checkpoint]["groups"][model]
    taken = [group for group in groups.values() if group["in_int8"]]
    assert sum(group["weight_share"] for group in taken) > 0.69
    assert all(group["error_share"] <= LIMIT * group["weight_share"] for group in taken)


@checkpoints
def test_the_ends_of_the_transformer_cost_far_more(checkpoint: str) -> None:
    groups = MEASURED["models"][checkpoint]["groups"]["transformer"]
    for name in ("proj_in", "proj_out"):
        assert not groups[name]["in_int8"]
        assert groups[name]["error_share"] > 10 * groups[name]["weight_share"]
