from pathlib import Path
from random import Random

import pytest

from demo.shapes.captions import caption, vocabulary
from demo.shapes.sampling import sample_attributes
from demo.training.tokenizer import save_demo_tokenizer
from export.checkpoint.word_tokenizer import save_word_tokenizer
from ltx_triton.contract import LTX_VIDEO
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.pipeline.prompt_warnings import prompt_warnings
from ltx_triton.pipeline.tokenizer import PromptTokenizer
from ltx_triton.repository.layout import version_folder
from tests.conftest import DEMO


@pytest.fixture(scope="module")
def config() -> PipelineConfig:
    shipped = PipelineConfig.load(version_folder(DEMO / "engines", LTX_VIDEO))
    return shipped.model_copy(update={"known_words": tuple(vocabulary())})


@pytest.fixture(scope="module")
def tokenizer(config: PipelineConfig, tmp_path_factory: pytest.TempPathFactory) -> PromptTokenizer:
    folder = tmp_path_factory.mktemp("demo_tokenizer")
    save_demo_tokenizer(folder)
    return PromptTokenizer(folder, config)


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        ("A cat walking in a garden", "cat, walking, garden"),
        ("a red ball and a cat, a cat", "cat"),
        ("a RED ball, a Blue Square", "RED"),
        ("a red-hot ball", "hot"),
        ("the star's 2 naïve 日本 🎈", "star's, 2, naïve, 日本"),
        ("a redball", "redball"),
    ],
)
def test_unknown_words_are_named_once_in_their_order(
    prompt: str, unknown: str, tokenizer: PromptTokenizer, config: PipelineConfig
) -> None:
    assert prompt_warnings(prompt, tokenizer, config) == (f"ltx-demo does not know: {unknown}",)


def test_warnings_of_the_negative_prompt_say_so(
    tokenizer: PromptTokenizer, config: PipelineConfig
) -> None:
    unknown, cut = prompt_warnings("cat " * 300, tokenizer, config, is_negative=True)
    assert unknown == "ltx-demo does not know: cat (in the negative prompt)"
    assert cut.startswith("the negative prompt was cut after 256 tokens, at '")


def test_many_unknown_words_are_counted(tokenizer: PromptTokenizer, config: PipelineConfig) -> None:
    [warning] = prompt_warnings("b c d e f g h i j k l m", tokenizer, config)
    assert warning == "ltx-demo does not know: b, c, d, e, f, g, h, i, j, k and 2 more"


def test_words_of_the_captions_are_known(
    tokenizer: PromptTokenizer, config: PipelineConfig
) -> None:
    prompt = "A medium-sized, five-pointed star: moving from left to right. It Bounces"
    assert prompt_warnings(prompt, tokenizer, config) == ()


def test_only_nonsense_of_captions_is_unknown(
    tokenizer: PromptTokenizer, config: PipelineConfig
) -> None:
    random = Random(0)
    texts = [caption(sample_attributes(random, held_out=True), random) for _ in range(300)]
    for text in texts:
        for warning in prompt_warnings(text, tokenizer, config):
            words = warning.removeprefix("ltx-demo does not know: ").lower().split(", ")
            assert not set(words) & set(vocabulary())


def test_a_cut_prompt_quotes_where_it_is_cut(
    tokenizer: PromptTokenizer, config: PipelineConfig
) -> None:
    # 255 pieces and the end of the text are read.
    read = "red " * 255
    assert prompt_warnings(read, tokenizer, config) == ()
    assert prompt_warnings(f"{read}green ball", tokenizer, config) == (
        "the prompt was cut after 256 tokens, at 'green ball'",
    )
    [warning] = prompt_warnings(read + "green " * 100, tokenizer, config)
    assert warning.endswith("at 'green green green green green green gree…'")


def test_what_is_cut_is_not_unknown_as_well(
    tokenizer: PromptTokenizer, config: PipelineConfig
) -> None:
    [warning] = prompt_warnings("red " * 255 + "zebra", tokenizer, config)
    assert warning == "the prompt was cut after 256 tokens, at 'zebra'"
    unknown, _ = prompt_warnings("red " * 253 + "zebra", tokenizer, config)
    assert unknown == "ltx-demo does not know: zebra"


def test_a_model_that_lists_no_words_reads_any(tmp_path: Path, config: PipelineConfig) -> None:
    save_word_tokenizer(tmp_path, ["red", "ball"], parts=["ing"])
    reading = config.model_copy(update={"known_words": ()})
    tokenizer = PromptTokenizer(tmp_path, reading)
    assert prompt_warnings("A cat walking, 日本", tokenizer, reading) == ()
    assert len(prompt_warnings("cat " * 200, tokenizer, reading)) == 1
