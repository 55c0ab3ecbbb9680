"""The figures in docs/quality.md, the README and the demo checkpoint's card are measured ones."""

import json
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open

from demo.evaluation.score import ASPECTS, RESULTS, result_file, table
from ltx_triton.contract import LTX_VIDEO
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import version_folder

ROOT = Path(__file__).parents[2]
CHECKPOINT = ROOT / "demo" / "checkpoint"
MEASURED = {
    source: json.loads((RESULTS / f"{source}.json").read_text())
    for source in ("service", "reference")
}

PROPORTIONS = ((512, 512), (672, 384), (384, 672))  # pixels, width and height
SQUARES = tuple((side, side) for side in (128, 256, 320, 384, 448))


def test_the_table_is_that_of_the_results() -> None:
    scores = {source: measured["scores"] for source, measured in MEASURED.items()}
    assert table(scores) in (ROOT / "docs" / "quality.md").read_text()


@pytest.mark.parametrize("sizes", [PROPORTIONS, SQUARES], ids=["proportions", "squares"])
def test_the_table_of_sizes_is_that_of_the_results(sizes: tuple[tuple[int, int], ...]) -> None:
    scores = {}
    for width, height in sizes:
        measured = json.loads(result_file("service", width, height).read_text())
        assert (measured["width"], measured["height"]) == (width, height)
        assert measured["checkpoint"] == MEASURED["service"]["checkpoint"]
        scores[f"{width}x{height}"] = measured["scores"]
    assert table(scores) in (ROOT / "docs" / "quality.md").read_text()


def test_the_same_prompts_are_compared_in_all_proportions() -> None:
    text = (ROOT / "docs" / "quality.md").read_text()
    squares, *others = (
        json.loads(result_file("service", *size).read_text())["clips"][:100] for size in PROPORTIONS
    )
    right = [clip for clip in squares if not wrong_aspects(clip)]
    assert f"Of the square clips of the same 100 prompts, {len(right)} show all four" in text
    failed = [clip for clips in others for clip in clips if wrong_aspects(clip)]
    assert {clip["expected"]["shape"] for clip in failed} == {"star"}
    assert all(wrong_aspects(clip) == {"shape"} for clip in failed)


def test_int8_is_compared_on_the_same_prompts() -> None:
    measured = json.loads((RESULTS / "service-int8.json").read_text())
    assert measured["precision"] == f"int8 and {MEASURED['service']['precision']}"
    assert measured["checkpoint"] == MEASURED["service"]["checkpoint"]
    int8 = measured["clips"]
    unrounded = MEASURED["service"]["clips"][: len(int8)]
    assert [clip["prompt"] for clip in int8] == [clip["prompt"] for clip in unrounded]
    text = (ROOT / "docs" / "quality.md").read_text()
    scores = {"FP32 weights": shares(unrounded), "INT8 weights": shares(int8)}
    assert table(scores) in text
    same = sum(
        one["predicted"] == other["predicted"] for one, other in zip(int8, unrounded, strict=True)
    )
    assert f"sees the same in {same} of the {len(int8)} clips" in text


def shares(clips: list[dict[str, Any]]) -> dict[str, float]:
    """Share of clips in which an aspect, or all four, is right."""
    right = {
        aspect: [clip["predicted"][aspect] == clip["expected"][aspect] for clip in clips]
        for aspect in (*ASPECTS, "size")
    }
    right["all four"] = [not wrong_aspects(clip) for clip in clips]
    return {aspect: sum(values) / len(values) for aspect, values in right.items()}


def wrong_aspects(clip: dict[str, Any]) -> set[str]:
    return {aspect for aspect in ASPECTS if clip["predicted"][aspect] != clip["expected"][aspect]}


def test_the_results_are_those_of_the_shipped_checkpoint() -> None:
    shipped = PipelineConfig.load(version_folder(ROOT / "demo" / "engines", LTX_VIDEO))
    for measured in MEASURED.values():
        assert measured["checkpoint"] == shipped.checkpoint_sha256
        assert measured["prompts"] == 200


def test_the_readme_quotes_the_served_clips() -> None:
    scores = MEASURED["service"]["scores"]
    aspects = ("colour", "background", "shape", "motion", "all four")
    heads = f"| {' | '.join(aspects)} |\n"
    shares = f"| {' | '.join(f'{100 * scores[aspect]:.1f} %' for aspect in aspects)} |\n"
    table = (ROOT / "README.md").read_text().partition(heads)[2]
    assert table.partition("\n")[2].startswith(shares)


@pytest.mark.parametrize("component", ["transformer", "text_encoder", "vae"])
def test_the_card_says_how_large_the_models_are(component: str) -> None:
    [file] = (CHECKPOINT / component).glob("*.safetensors")
    with safe_open(file, "np") as weights:
        names = [name for name in weights.keys() if not name.startswith("latents_")]  # noqa: SIM118
        count = sum(weights.get_tensor(name).size for name in names)
    config = json.loads((CHECKPOINT / component / "config.json").read_text())
    name = config.get("_class_name") or config["architectures"][0]
    [row] = [
        line
        for line in (CHECKPOINT / "README.md").read_text().splitlines()
        if name in line and "|" in line
    ]
    assert row.endswith(f"| {count / 1e6:.2f} M |")
