"""The figures of INT8 in docs/precision.md are measured ones."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
TEXT = (ROOT / "docs" / "precision.md").read_text()
LABELS = {"demo": "demo, trained", "random, wider": "random, width 1024"}
MODELS = json.loads((RESULTS / "int8_error.json").read_text())["models"]


def test_the_costs_of_int8_are_measured() -> None:
    for model, label in LABELS.items():
        figures = MODELS[model]["figures"]
        errors = figures["relative_l2"]
        row = (
            f"| {label} | {errors['text_encoder']:.2g} | {errors['transformer']:.2g} "
            f"| {figures['psnr']:.1f} | {figures['ssim']:.4f} |"
        )
        assert row in TEXT


def test_the_layers_left_out_of_int8_are_measured() -> None:
    rows = [
        f"| {label} | `{name}` | {group['error']:.2g} | {group['error_share']:.2%} "
        f"| {group['weight_share']:.2%} |"
        for model, label in LABELS.items()
        for name, group in MODELS[model]["groups"]["transformer"].items()
        if not group["in_int8"]
    ]
    assert "\n".join(rows) + "\n\n" in TEXT


def test_the_cost_of_rounded_inputs_is_measured() -> None:
    cases = json.loads((RESULTS / "dynamic_quantization.json").read_text())["cases"]
    medians = {
        (case["outliers"], case["group_size"]): f"{case['median']:.2g}"
        for case in cases
        if (case["weights"], case["arithmetic"]) == ("int8", "fp32")
    }
    assert (
        f"is {medians[100.0, 0]} with INT8 weights, and {medians[100.0, 32]} with rounded inputs"
    ) in TEXT
    assert f"without outliers it is {medians[None, 0]} and {medians[None, 32]} (" in TEXT
