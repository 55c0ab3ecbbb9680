import re

import pytest

from ltx_command.known_models import KNOWN_MODELS


@pytest.mark.parametrize("name", KNOWN_MODELS)
def test_the_checkpoint_is_among_its_downloads(name: str) -> None:
    """As `owner/repository/file`, which names one file of a repository to the exporter."""
    model = KNOWN_MODELS[name]
    assert model.checkpoint in map(str, model.downloads)
    assert re.fullmatch(r"[\w-]+/[\w-]+/[\w.-]+\.safetensors", model.checkpoint)


@pytest.mark.parametrize("name", KNOWN_MODELS)
def test_it_says_whose_text_encoder_it_downloads(name: str) -> None:
    model = KNOWN_MODELS[name]
    [text_encoder] = (each for each in model.downloads if str(each) != model.checkpoint)
    assert f"https://huggingface.co/{text_encoder.repository}" in model.text_encoder


@pytest.mark.parametrize("name", KNOWN_MODELS)
def test_its_name_can_be_a_folder_and_says_its_size(name: str) -> None:
    assert re.fullmatch(r"\d+b(-[\d.]+)?", name)
    assert f"-{name.partition('-')[0]}-" in KNOWN_MODELS[name].checkpoint
