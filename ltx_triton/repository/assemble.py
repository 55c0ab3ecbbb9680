"""Put the Python models and configs around the engines of a model repository."""

import shutil
from pathlib import Path

from ltx_triton.contract import ENGINES, LTX_VIDEO, MODELS, ModelContract
from ltx_triton.engines.tensorrt.plan import PlanInfo
from ltx_triton.repository.layout import (
    CONFIG_FILE,
    MODEL_FILE,
    PIPELINE_CONFIG_FILE,
    PLAN_FILE,
    TEMPLATE_REPOSITORY,
    TENSORRT_CONFIG_FILE,
    version_folder,
)
from ltx_triton.repository.model_config import (
    add_contract,
    add_profiles,
    read_config,
    write_config,
)


def assemble(repository: Path, template: Path = TEMPLATE_REPOSITORY) -> None:
    """Write `model.py` and the configs of every model; leave engines and settings alone.

    A model has a config for Triton's TensorRT backend if it has a plan that this backend runs.
    """
    for model in MODELS:
        version = version_folder(repository, model)
        version.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(version_folder(template, model) / MODEL_FILE, version / MODEL_FILE)
        config = read_config(template / model.name / CONFIG_FILE)
        add_contract(config, model)
        write_config(config, repository / model.name / CONFIG_FILE)
    for model in ENGINES:
        _write_tensorrt_config(repository, template, model)


def copy_engines(engines: Path, repository: Path) -> None:
    """Copy the engines and settings of an export.

    A repository counts as exported when it has `pipeline.json`: the old one goes first and the new
    one comes last.
    """
    settings = version_folder(engines, LTX_VIDEO) / PIPELINE_CONFIG_FILE
    (repository / settings.relative_to(engines)).unlink(missing_ok=True)
    others = [file for file in engines.rglob("*") if file.is_file() and file != settings]
    for file in (*others, settings):
        _replace(file, repository / file.relative_to(engines))


def _replace(source: Path, target: Path) -> None:
    """Copy into a new file: a server that runs may have mapped the old one into its memory."""
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f"{target.name}.new")
    shutil.copyfile(source, new)
    new.replace(target)


def _write_tensorrt_config(repository: Path, template: Path, model: ModelContract) -> None:
    file = repository / model.name / TENSORRT_CONFIG_FILE
    version = version_folder(repository, model)
    plan = PlanInfo.load(version) if (version / PLAN_FILE).is_file() else None
    if plan is None or plan.library != "tensorrt":
        file.unlink(missing_ok=True)
        return
    config = read_config(template / model.name / TENSORRT_CONFIG_FILE)
    add_contract(config, model)
    add_profiles(config, model, plan.profiles)
    write_config(config, file)
