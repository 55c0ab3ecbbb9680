"""The figures of docs/exporting.md are those of the committed measurement."""

import json
import re
import shlex
from pathlib import Path

from export.__main__ import parse
from export.checkpoint.assembled import AssembledCheckpoint
from export.checkpoint.header import Header
from export.checkpoint.open import TEXT_ENCODER, TOKENIZER
from export.checkpoint.single_file import SingleFile
from export.checkpoint.versions import VERSIONS, find_version
from export.verification.pieces import PIECE_BYTES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/exporting.md").read_text()
RESULT = json.loads((ROOT / "benchmarks/results/export_memory.json").read_text())
ROWS = {
    "transformer": "transformer, 48 layers",
    "text_encoder": "text encoder, T5 v1.1 XXL",
    "vae": "VAE",
}
COMPARED_ROWS = {
    "transformer": "transformer, 8 of 48 layers",
    "text_encoder": "text encoder, 8 of 24 layers",
    "vae": "VAE, with its encoder",
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


def test_every_comparison_has_its_measured_row() -> None:
    for component, label in COMPARED_ROWS.items():
        figures = RESULT["verification"][component]
        cells = (
            label,
            gigabytes(figures["fp32_bytes"]),
            gigabytes(figures["usage"]["peak_resident_bytes"], 2),
            f"{figures['usage']['seconds']:.0f}",
        )
        assert f"| {' | '.join(cells)} |" in TEXT


def test_the_other_figures_are_measured_as_well() -> None:
    transformer = RESULT["components"]["transformer"]
    figures = (
        gigabytes(transformer["disk_bytes"]),
        gigabytes(transformer["export"]["idle_resident_bytes"], 2),
        f"{gigabytes(PIECE_BYTES, 2)} of weights",
        *(
            f"{gigabytes(measuring['usage']['peak_anonymous_bytes'])} for "
            f"{gigabytes(measuring['fp32_bytes'])} of weights in FP32"
            for measuring in RESULT["measuring"]
        ),
    )
    for figure in figures:
        assert figure in TEXT


def test_the_readme_says_how_large_the_checkpoint_is() -> None:
    size = sum(figures["checkpoint_bytes"] for figures in RESULT["components"].values())
    readme = (ROOT / "README.md").read_text()
    assert f"The 13B checkpoint is {gigabytes(size, 0)} in BF16" in readme


def test_make_takes_the_options_that_the_page_names() -> None:
    makefile = (ROOT / "Makefile").read_text()
    (exported,) = re.findall(r"^export (.*)$", makefile, re.MULTILINE)
    (sentence,) = re.findall(r"^Besides (.*), make takes two more variables", TEXT, re.MULTILINE)
    named = {*re.findall(r"`(\w+)`", sentence), "SKIP_VERIFICATION", "EXPORT_OPTIONS"}
    assert named | {"PROMPT"} == set(exported.split())
    given = [
        parse(shlex.split(example))[0]
        for example in re.findall(r'EXPORT_OPTIONS="(.*?)"[`\n]', TEXT)
    ]
    assert [options.checkpoint_version for options in given] == ["0.9.8-distilled", None, None]
    assert [options.tokenizer for options in given] == [None, "/path/to/folder", None]
    assert (given[2].name, given[2].num_inference_steps) == ("My model", 4)


def test_every_version_has_its_row() -> None:
    row = r"^\| (0\.9\.\S+) \| (.*?) \| (\d+) \| (\d*) ?\| (\w*) ?\|$"
    rows = re.findall(row, TEXT, re.MULTILINE)
    assert [name for name, *_ in rows] == list(VERSIONS)
    for name, files, steps, guidance, noise in rows:
        version = VERSIONS[name]
        assert int(steps) == version.num_inference_steps
        assert float(guidance or 1) == version.guidance_scale
        assert bool(noise) == version.stochastic_sampling
        for file in files.split(", "):
            part = SingleFile(Path(file), Header({}))
            checkpoint = AssembledCheckpoint(f"{file}.safetensors", {"transformer": part})
            assert find_version(checkpoint, None) is version


def test_the_default_sources_are_named() -> None:
    assert f"`{TEXT_ENCODER}`" in TEXT
    assert f"`{TOKENIZER}`" in TEXT


def test_fp16_in_an_fp32_graph_is_held_twice_in_openvino() -> None:
    measured = json.loads((ROOT / "benchmarks/results/weight_storage.json").read_text())
    for model in ("transformer", "text_encoder"):
        fp32, fp16 = (
            next(
                case
                for case in measured["cases"]
                if (case["model"], case["stored"], case["runtime"]) == (model, stored, "openvino")
            )
            for stored in ("fp32", "fp16 stored")
        )
        assert fp16["anonymous_mb"] > 1.9 * fp32["anonymous_mb"]
        assert fp32["mapped_mb"] > fp32["file_mb"]
