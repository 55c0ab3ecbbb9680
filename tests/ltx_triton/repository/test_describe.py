import psutil
import pytest

from ltx_triton.contract import LTX_VIDEO
from ltx_triton.memory_budget import MemoryBudget
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.describe import describe_model
from ltx_triton.repository.layout import version_folder
from ltx_triton.video_spec import VideoSpec
from tests.conftest import DEMO_ENGINES
from tests.ltx_triton.engines.test_device import no_gpu

BUDGET = MemoryBudget(None, api_workers=1)
VIDEO = VideoSpec(prompt="a red ball", width=64, height=64, num_frames=9, frame_rate=8)


def describe(exported: str = "fp32") -> str:
    config = PipelineConfig.load(version_folder(DEMO_ENGINES, LTX_VIDEO))
    config = config.model_copy(update={"precision": exported})
    info = describe_model(DEMO_ENGINES, config, psutil.Process(), BUDGET, VIDEO)
    assert info.checkpoint_sha256 == config.checkpoint_sha256
    return f"{info.model_name} {info.precision} {info.device}"


def test_a_model_on_the_cpu_has_the_precision_of_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_DEVICE", "cpu")
    for precision in ("fp32", "bf16"):
        monkeypatch.setenv("CPU_PRECISION", precision)
        assert describe() == f"ltx-demo {precision} cpu"
        assert describe("int8") == f"ltx-demo int8 and {precision} cpu"


def test_onnx_runtime_computes_in_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_DEVICE", "cpu")
    monkeypatch.setenv("CPU_RUNTIME", "onnxruntime")
    assert describe() == "ltx-demo fp32 cpu"


@no_gpu
def test_a_device_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_DEVICE", "cuda")
    with pytest.raises(RuntimeError, match="MODEL_DEVICE=cuda, but"):
        describe()
