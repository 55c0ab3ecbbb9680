"""Write the files of plans."""

from pathlib import Path

from export.tensorrt.profiles import profiles
from export.tensorrt.sizes import size_limits
from ltx_triton.contract import ModelContract
from ltx_triton.engines.tensorrt.plan import PlanInfo
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import PLAN_FILE
from ltx_triton.settings import Settings
from tests.ltx_triton.engines.tensorrt.test_plan import INFO
from tests.ltx_triton.pipeline.test_config import CONFIG


def write_plan(
    folder: Path,
    model: ModelContract,
    sizes: tuple[str, ...] = ("default",),
    config: PipelineConfig = CONFIG,
    info: PlanInfo = INFO,
) -> Path:
    """Write an empty plan of `model` for `sizes`, with its `PlanInfo`."""
    folder.mkdir(parents=True, exist_ok=True)
    limits = size_limits(sizes, config, Settings())
    info = info.model_copy(
        update={
            "profiles": profiles(model, config, limits),
            "checkpoint_sha256": config.checkpoint_sha256,
        }
    )
    info.save(folder)
    (folder / PLAN_FILE).touch()
    return folder / PLAN_FILE
