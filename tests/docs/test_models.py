"""docs/models.md names the models that the command knows, and the figures of the results."""

import re
from pathlib import Path

from benchmarks.report.figures import Figures
from benchmarks.report.markdown import made_block
from benchmarks.report.real_size import MACHINES, machines
from benchmarks.result import REAL_SIZE_FOLDER, load_all
from ltx_command.known_models import KNOWN_MODELS
from ltx_command.measured import FOLDER, MeasuredClips

TEXT = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")


def test_every_known_model_has_its_row() -> None:
    rows = re.findall(r"^\| `(\S+)` \| `(\S+)` \|.*\| ([0-9.]+) GB \| (.*) \|$", TEXT, re.MULTILINE)

    assert [name for name, *_ in rows] == list(KNOWN_MODELS)
    for name, checkpoint, size, licence in rows:
        model = KNOWN_MODELS[name]
        assert f"/{checkpoint}.safetensors" in model.checkpoint
        assert size == f"{sum(file.bytes for file in model.downloads) / 1e9:.1f}"
        assert model.licence.startswith(licence)


def test_the_table_of_machines_comes_from_the_results() -> None:
    figures = Figures(each for result in load_all(REAL_SIZE_FOLDER) for each in result.measurements)

    assert made_block(TEXT, MACHINES) == f"{machines(figures)}\n"


def test_the_command_is_shipped_with_the_same_figures() -> None:
    clips = MeasuredClips.load(FOLDER).models

    assert clips.keys() <= KNOWN_MODELS.keys()
    for clip in clips.values():
        assert f"| {clip.engine_bytes / 1e9:.1f} GB | {clip.memory_bytes / 1e9:.1f} GB |" in TEXT
