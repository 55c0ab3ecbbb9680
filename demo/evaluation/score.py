"""Score classified clips: the share that shows the prompt."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from demo.evaluation.classifier import Prediction
from demo.evaluation.prompts import ClipRequest, Prompt

RESULTS = Path(__file__).parent / "results"
ASPECTS = ("colour", "background", "shape", "motion")
LINES = (*ASPECTS, "all four", "size")


@dataclass(frozen=True)
class ScoredClip:
    prompt: Prompt
    prediction: Prediction

    def correct(self, aspect: str) -> bool:
        """Compare one aspect, or `all four`, with the prompt."""
        if aspect == "all four":
            return all(self.correct(each) for each in ASPECTS)
        return bool(getattr(self.prediction, aspect) == getattr(self.prompt.attributes, aspect))


def scores(clips: list[ScoredClip]) -> dict[str, float]:
    """Return the share of correct clips by aspect, 0..1."""
    return {line: sum(clip.correct(line) for clip in clips) / len(clips) for line in LINES}


def result_file(source: str, width: int, height: int) -> Path:
    default = (width, height) == (ClipRequest.width, ClipRequest.height)
    return RESULTS / (f"{source}.json" if default else f"{source}-{width}x{height}.json")


def save(file: Path, clips: list[ScoredClip], about: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    result = {
        **about,
        "prompts": len(clips),
        "scores": scores(clips),
        "clips": [
            {
                "prompt": clip.prompt.text,
                "seed": clip.prompt.seed,
                "expected": asdict(clip.prompt.attributes),
                "predicted": asdict(clip.prediction),
            }
            for clip in clips
        ],
    }
    file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def table(results: dict[str, dict[str, float]]) -> str:
    lines = ["| | " + " | ".join(results) + " |", "|---|" + "---|" * len(results)]
    for line in LINES:
        shares = [f"{100 * result[line]:.1f} %" for result in results.values()]
        lines.append(f"| {line} | " + " | ".join(shares) + " |")
    return "\n".join(lines)
