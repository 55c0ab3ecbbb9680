import json
from dataclasses import replace
from pathlib import Path

from demo.evaluation.classifier import Prediction
from demo.evaluation.prompts import held_out_prompts
from demo.evaluation.score import RESULTS, ScoredClip, result_file, save, scores, table
from demo.shapes.attributes import Shape
from demo.shapes.sampling import is_held_out

PROMPTS = held_out_prompts(4)


def perfect(number: int) -> Prediction:
    expected = PROMPTS[number].attributes
    return Prediction(
        expected.background, expected.colour, expected.shape, expected.size, expected.motion
    )


def clips() -> list[ScoredClip]:
    others = [shape for shape in Shape if shape is not PROMPTS[1].attributes.shape]
    predictions = [
        perfect(0),
        replace(perfect(1), shape=others[0]),
        replace(perfect(2), motion=None),
        replace(perfect(3), size=None),
    ]
    return [ScoredClip(prompt, each) for prompt, each in zip(PROMPTS, predictions, strict=True)]


def test_scores_are_shares_of_the_clips() -> None:
    assert scores(clips()) == {
        "colour": 1.0,
        "background": 1.0,
        "shape": 0.75,
        "motion": 0.75,
        "all four": 0.5,
        "size": 0.75,
    }


def test_a_result_file_lists_every_clip(tmp_path: Path) -> None:
    save(tmp_path / "new" / "result.json", clips(), {"source": "here"})
    result = json.loads((tmp_path / "new" / "result.json").read_text())
    assert result["source"] == "here"
    assert result["scores"]["all four"] == 0.5
    assert [clip["predicted"]["motion"] is None for clip in result["clips"]] == [0, 0, 1, 0]


def test_the_results_of_each_size_have_a_file_of_their_own() -> None:
    assert result_file("service", 512, 512) == RESULTS / "service.json"
    assert result_file("service", 512, 288) == RESULTS / "service-512x288.json"


def test_the_table_has_a_column_for_each_source() -> None:
    shown = table({"service": scores(clips()), "reference": scores(clips()[:1])})
    assert "| | service | reference |" in shown
    assert "| shape | 75.0 % | 100.0 % |" in shown


def test_the_prompts_are_fixed_and_held_out() -> None:
    assert held_out_prompts(50) == held_out_prompts()[:50]
    assert all(is_held_out(prompt.attributes) for prompt in held_out_prompts())
    assert len({prompt.text for prompt in held_out_prompts()}) == 200
