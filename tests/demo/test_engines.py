import subprocess
from pathlib import Path

import pytest

from export.checkpoint.checkpoint import Checkpoint
from export.checkpoint.open import open_checkpoint
from export.checkpoint.tokenizer import save_tokenizer
from export.options import ExportOptions
from export.sampling import pipeline_config
from export.verification.verify import verify
from ltx_triton.contract import ENGINES, LTX_VIDEO, ModelContract
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import ENGINE_FILE, TOKENIZER_FILE, version_folder
from tests.conftest import DEMO

SHIPPED = DEMO / "engines"


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return open_checkpoint(str(DEMO / "checkpoint"), None)


@pytest.fixture(scope="module")
def config() -> PipelineConfig:
    return PipelineConfig.load(version_folder(SHIPPED, LTX_VIDEO))


def test_the_settings_equal_an_export_of_the_checkpoint(
    checkpoint: Checkpoint, config: PipelineConfig
) -> None:
    options = ExportOptions(model=str(DEMO / "checkpoint"), output=SHIPPED, name="ltx-demo")
    assert config == pipeline_config(checkpoint, options)


def test_the_tokenizer_equals_an_export_of_the_checkpoint(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    save_tokenizer(checkpoint, tmp_path / TOKENIZER_FILE)
    shipped = version_folder(SHIPPED, LTX_VIDEO) / TOKENIZER_FILE
    assert shipped.read_bytes() == (tmp_path / TOKENIZER_FILE).read_bytes()


@pytest.mark.parametrize("contract", ENGINES, ids=lambda contract: contract.name)
def test_the_engines_compute_the_same_as_pytorch(
    contract: ModelContract, checkpoint: Checkpoint, config: PipelineConfig
) -> None:
    verify(contract, checkpoint, config, version_folder(SHIPPED, contract) / ENGINE_FILE)


def test_checkpoint_and_engines_take_at_most_25_mb() -> None:
    # As git knows them: other tests put scratch files beside the engines.
    listed = subprocess.run(
        ["git", "ls-files", "-z", "checkpoint", "engines"],  # noqa: S607  wherever git is
        cwd=DEMO,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    files = [DEMO / name for name in listed.stdout.split("\0") if name]
    assert 20e6 < sum(file.stat().st_size for file in files) <= 25e6
