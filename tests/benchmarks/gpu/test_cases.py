import argparse
from pathlib import Path

import pytest

from benchmarks.gpu.cases import DEFAULT, make_case, parse_model


@pytest.mark.parametrize("name", [*DEFAULT, "2b-4-fp16", "tiny-fp32"])
def test_a_name_says_everything(name: str) -> None:
    assert parse_model(name).name == name


def test_all_layers_have_no_number() -> None:
    model = parse_model("13b-48-bf16")
    assert (model.is_whole, model.name) == (True, "13b-bf16")


@pytest.mark.parametrize("name", ["13b", "14b-bf16", "13b-0-bf16", "13b-8-int8", "x2b-bf16"])
def test_another_name_is_refused_with_what_is_allowed(name: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=f"^{name} is no case; allowed: tiny, 2b"):
        parse_model(name)


def test_a_few_layers_come_with_the_smallest_text_encoder() -> None:
    cut, whole = parse_model("13b-8-bf16"), parse_model("13b-bf16")
    assert cut.transformer == whole.transformer | {"num_layers": 8}
    assert (cut.text_encoder["num_layers"], whole.text_encoder["num_layers"]) == (1, 24)
    assert cut.text_encoder["d_model"] == cut.transformer["caption_channels"]


def test_cases_share_no_files(tmp_path: Path) -> None:
    cases = [make_case(parse_model(name), tmp_path, "cuda") for name in DEFAULT]
    assert len({case.folder for case in cases}) == len(DEFAULT)
    assert all(case.folder in case.repository.parents for case in cases)
