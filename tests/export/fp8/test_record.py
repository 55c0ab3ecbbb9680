from pathlib import Path

import pytest

from export.fp8.record import Group, Record, Scales, prompts, prompts_sha256
from ltx_triton.json_file import JsonFileError

RECORD = Record(
    checkpoint_sha256="c" * 64,
    prompts_sha256=prompts_sha256(),
    arithmetic="float32 on cpu",
    height=256,
    width=256,
    num_frames=9,
    num_inference_steps=8,
    rule="A rule.",
    groups={
        "ff.net.2": Group(0.01, 0.25, 0.9, True, {"a": Scales(0.5, 0.25), "b": Scales(1.0, 2.0)}),
        "proj_out": Group(0.03, 0.75, 0.1, False, {"c": Scales(0.125, 4.0)}),
    },
)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    RECORD.save(tmp_path)
    assert Record.load(tmp_path) == RECORD


def test_layers_are_those_of_groups_not_left_out() -> None:
    assert RECORD.layers == {"a": Scales(0.5, 0.25), "b": Scales(1.0, 2.0)}


def test_it_fits_its_checkpoint_and_prompts_alone() -> None:
    assert RECORD.fits("c" * 64)
    assert not RECORD.fits("d" * 64)
    assert not RECORD.model_copy(update={"prompts_sha256": "p" * 64}).fits("c" * 64)


def test_a_damaged_record_says_how_to_calibrate_again(tmp_path: Path) -> None:
    (tmp_path / "fp8.json").write_text('{"version": 1}')
    with pytest.raises(JsonFileError, match=r"delete it, and `make export PRECISION=fp8` calibr"):
        Record.load(tmp_path)


def test_prompts_are_many_and_different() -> None:
    assert len(set(prompts())) == len(prompts()) >= 16
    assert all(prompts())
