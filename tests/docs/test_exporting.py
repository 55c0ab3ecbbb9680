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


def test_the_other_figures_are_measured_as_well() -> None:
    transformer, comparison = RESULT["components"]["transformer"], RESULT["comparison"]
    figures = (
        gigabytes(transformer["disk_bytes"]),
        gigabytes(transformer["export"]["idle_resident_bytes"], 2),
        gigabytes(comparison["compare"]["peak_anonymous_bytes"]),
        gigabytes(comparison["fp32_bytes"]),
    )
    for figure in figures:
        assert figure in TEXT
