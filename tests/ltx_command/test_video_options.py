import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from frontend.api.requests import GenerateRequest
from frontend.api.video_fields import ALIASES, schemas, with_limits
from ltx_command.__main__ import main
from ltx_command.generate import command as generate
from ltx_command.video_options import DEFAULT_PROMPT, VideoFile
from ltx_triton.contract import LTX_VIDEO
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.pipeline.prompt_warnings import prompt_warnings
from ltx_triton.pipeline.tokenizer import PromptTokenizer
from ltx_triton.repository.layout import version_folder
from ltx_triton.settings import Settings
from tests.conftest import DEMO_ENGINES

FIELDS = schemas(with_limits(GenerateRequest, Settings.model_construct()))
OF_THE_COMMAND = {"prompt", "wait"}  # the argument; and what it does itself


def help_of(flag: str) -> str:
    text = CliRunner().invoke(main, ["generate", "--help"], terminal_width=10_000).output
    [line] = re.findall(rf"^ +.*{flag}\b(?:,.*?)? [A-Z].*$", text, re.MULTILINE)
    assert isinstance(line, str)
    return line


def test_every_field_of_a_request_has_an_option() -> None:
    options = {each.name for each in generate.params}
    assert FIELDS.keys() - OF_THE_COMMAND - options == set()


def test_every_alias_of_a_field_is_an_option_too() -> None:
    flags = {flag: option.name for option in generate.params for flag in option.opts}
    assert {name: flags[f"--{name}"] for name in ALIASES} == ALIASES


@pytest.mark.parametrize("name", [name for name in FIELDS if "minimum" in FIELDS[name]])
def test_help_says_range_and_default_as_the_api_has_them(name: str) -> None:
    text = help_of(f"--{name.replace('_', '-')}")
    schema = FIELDS[name]
    assert f"from {schema['minimum']} to {schema['maximum']}" in text
    if "default" in schema:
        assert f"{schema['default']} by default" in text
    assert "`" not in text


def test_the_demo_checkpoint_knows_the_words_of_the_default_prompt() -> None:
    shipped = version_folder(DEMO_ENGINES, LTX_VIDEO)
    config = PipelineConfig.load(shipped)
    assert prompt_warnings(DEFAULT_PROMPT, PromptTokenizer(shipped, config), config) == ()


@pytest.mark.parametrize(
    ("file", "complaint"),
    [
        ("cat.mov", "must end with one of .mp4, .webp, .gif"),
        ("cat", "must end with one of .mp4, .webp, .gif"),
        ("nowhere/cat.mp4", "the folder nowhere does not exist"),
        ("folder.gif", "folder.gif is a folder"),
        ("/proc/cat.mp4", "the folder /proc cannot be written to"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused(
    file: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.gif").mkdir()
    with pytest.raises(click.UsageError, match=re.escape(complaint)):
        VideoFile().convert(file, None, None)


@pytest.mark.parametrize("file", ["cat.mp4", "cat.WEBP", "cat.gif"])
def test_a_file_of_each_format_is_taken(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert VideoFile().convert(file, None, None) == Path(file)
