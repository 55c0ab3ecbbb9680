"""The figures of docs/exporting.md are those of the committed measurement."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/exporting.md").read_text()
RESULT = json.loads((ROOT / "benchmarks/results/export_memory.json").read_text())
ROWS = {
    "transformer": "transformer, 48 layers",
    "text_encoder": "text encoder, T5 v1.1 XXL",
    "vae": "VAE",
}


def gigabytes(size: int, digits: int = 1) -> str:
    return f"{size / 1e9:.{digits}f} GB"


def test_every_component_has_its_measured_row() -> None:
    for component, label in ROWS.items():
        figures = RESULT["components"][component]
        cells = (
            label,
            gigabytes(figures["checkpoint_bytes"]),
            gigabytes(figures["onnx_bytes"]),
            gigabytes(figures["export"]["peak_resident_bytes"], 2),
            f"{figures['export']['seconds']:.0f}",
        )
        assert f"| {' | '.join(cells)} |" in TEXT


def test_the_rest_is_measured_as_well() -> None:
    transformer, comparison = RESULT["components"]["transformer"], RESULT["comparison"]
    assert transformer["config"]["num_layers"] == 48
    assert f"{gigabytes(transformer['disk_bytes'])} for the transformer" in TEXT
    idle = gigabytes(transformer["export"]["idle_resident_bytes"], 2)
    assert f"Of each peak, {idle} are torch and diffusers" in TEXT
    peak = gigabytes(comparison["compare"]["peak_anonymous_bytes"])
    layers = comparison["config"]["num_layers"]
    size = gigabytes(comparison["fp32_bytes"])
    assert f"{peak} for a transformer of {layers} such layers, {size} in FP32" in TEXT
