import sys
from pathlib import Path

import pytest

from benchmarks.gpu.budget import Budget
from benchmarks.gpu.cases import make_case, parse_model
from benchmarks.gpu.tasks import Tasks, WrongTritonError
from ltx_triton.contract import LTX_VIDEO
from ltx_triton.launcher.local_triton import LocalTriton
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import version_folder


def test_a_triton_with_another_checkpoint_is_refused(
    tmp_path: Path, triton: LocalTriton, config: PipelineConfig
) -> None:
    model = parse_model("tiny-fp32")
    case = make_case(model, tmp_path, "cpu")
    tasks = Tasks(case, model, Budget(tmp_path), sys.executable, 1, triton.grpc_address)
    folder = version_folder(case.repository, LTX_VIDEO)
    folder.mkdir(parents=True)
    config.model_copy(update={"checkpoint_sha256": "f" * 64}).save(folder)
    with pytest.raises(WrongTritonError, match="serves another checkpoint: start it with"):
        tasks.triton()
