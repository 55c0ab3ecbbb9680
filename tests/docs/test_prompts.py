"""The model that the repository ships can draw what the documents and the API ask for."""

import re
from pathlib import Path

import pytest

from ltx_triton.contract import LTX_VIDEO
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.pipeline.prompt_warnings import prompt_warnings
from ltx_triton.pipeline.tokenizer import PromptTokenizer
from ltx_triton.repository.layout import version_folder
from ltx_triton.video_spec import VideoSpec

ROOT = Path(__file__).parents[2]
SHIPPED = version_folder(ROOT / "demo" / "engines", LTX_VIDEO)
_PROMPT = re.compile(
    r"""(?:prompt(?:=|": "|", "|: )|PROMPT=|ltx-video (?:demo|generate) )"""
    r"""(?:"|')?([A-Za-z][A-Za-z0-9, %]{8,})"""
)


_OF_ANOTHER_MODEL = re.compile(r"^.*(?:MODEL=|--model ).*$", re.MULTILINE)


def prompts(file: str) -> list[str]:
    text = _OF_ANOTHER_MODEL.sub("", (ROOT / file).read_text())
    return [found.replace("%20", " ") for found in _PROMPT.findall(text)]


@pytest.mark.parametrize(
    "file",
    [
        "README.md",
        "docs/api.md",
        "docs/command.md",
        "docs/clients.md",
        "docs/webhooks.md",
        "examples/openai_sdk.py",
        "examples/litellm_sdk.py",
    ],
)
def test_the_demo_checkpoint_knows_the_words_of_every_example(file: str) -> None:
    config = PipelineConfig.load(SHIPPED)
    tokenizer = PromptTokenizer(SHIPPED, config)
    found = prompts(file)
    assert found
    assert [prompt_warnings(prompt, tokenizer, config) for prompt in found] == [()] * len(found)


def test_the_demo_checkpoint_knows_the_words_of_the_openapi_example() -> None:
    config = PipelineConfig.load(SHIPPED)
    [prompt] = VideoSpec.model_fields["prompt"].examples or []
    assert prompt_warnings(prompt, PromptTokenizer(SHIPPED, config), config) == ()
