"""How many clips show what was asked for."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from demo.evaluation.classifier import Seen
from demo.evaluation.prompts import Prompt

RESULTS = Path(__file__).parent / "results"
ASPECTS = ("colour", "background", "shape", "motion")
LINES = (*ASPECTS, "all four", "size")


@dataclass(frozen=True)
class Verdict:
    """A prompt and what its clip shows."""

    prompt: Prompt
    seen: Seen

    def right(self, aspect: str) -> bool:
        """Whether an aspect, or `all four`, is as it was asked for."""
        if aspect == "all four":
            return all(self.right(each) for each in ASPECTS)
        return bool(getattr(self.seen, aspect) == getattr(self.prompt.attributes, aspect))


def scores(verdicts: list[Verdict]) -> dict[str, float]:
    """Share of the clips, 0..1, in which each aspect is right."""
    return {line: sum(each.right(line) for each in verdicts) / len(verdicts) for line in LINES}


def save(file: Path, verdicts: list[Verdict], about: dict[str, Any]) -> None:
    """Write scores and verdicts."""
    file.parent.mkdir(parents=True, exist_ok=True)
    result = {
        **about,
        "prompts": len(verdicts),
        "scores": scores(verdicts),
        "clips": [
            {
                "prompt": each.prompt.text,
                "seed": each.prompt.seed,
                "asked": asdict(each.prompt.attributes),
                "seen": asdict(each.seen),
            }
            for each in verdicts
        ],
    }
    file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def table(results: dict[str, dict[str, float]]) -> str:
    """Scores of several sources side by side, as a Markdown table."""
    lines = ["| | " + " | ".join(results) + " |", "|---|" + "---|" * len(results)]
    for line in LINES:
        shares = [f"{100 * result[line]:.1f} %" for result in results.values()]
        lines.append(f"| {line} | " + " | ".join(shares) + " |")
    return "\n".join(lines)
