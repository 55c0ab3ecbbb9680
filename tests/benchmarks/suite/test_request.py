from pathlib import Path

import pytest

from benchmarks.baselines.case import Case
from benchmarks.baselines.inputs import load_inputs, save_inputs
from benchmarks.suite.request import STEPS, default_case
from ltx_triton.contract import LTX_VIDEO, TRANSFORMER, VAE_DECODER
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import version_folder


def test_the_default_case_has_inputs_of_the_default_size(
    demo_repository: Path, tmp_path: Path
) -> None:
    default_case(tmp_path, demo_repository).save()

    case = Case.load(tmp_path / "case.json")
    save_inputs(case)

    assert case.steps == STEPS
    assert load_inputs(case, TRANSFORMER)["latents"].shape == (1, 4, 16, 16, 78)
    assert load_inputs(case, VAE_DECODER)["noise"].shape == (1, 4, 16, 16, 78)


def test_engines_of_another_checkpoint_are_refused(demo_repository: Path, tmp_path: Path) -> None:
    settings = PipelineConfig.load(version_folder(demo_repository, LTX_VIDEO))
    other = version_folder(tmp_path, LTX_VIDEO)
    other.mkdir(parents=True)
    changes = {"checkpoint_sha256": "0" * 64, "model_name": "other"}
    settings.model_copy(update=changes).save(other)

    with pytest.raises(ValueError, match="holds engines of other; the benchmarks measure"):
        default_case(tmp_path, tmp_path)
