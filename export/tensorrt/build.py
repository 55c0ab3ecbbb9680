"""Build TensorRT plans from an ONNX export into a model repository."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from export.child_process import in_child
from export.errors import ExportError
from export.repository.staging import staging
from export.room import require_room
from export.tensorrt.builder import Builder
from export.tensorrt.cpu_engine import is_current, stage_cpu_engine
from export.tensorrt.profiles import profiles
from export.tensorrt.publish import publish_plans
from export.tensorrt.report import PlanReport, print_reports
from export.tensorrt.room import Planned, onnx_bytes, plan_needs
from export.tensorrt.sizes import DEFAULT_SIZES, size_limits
from export.tensorrt.target import Target, find_target
from export.tensorrt.timing_cache import cache_file
from ltx_triton.contract import ENGINES, LTX_VIDEO, TEXT_ENCODER, ModelContract
from ltx_triton.engines.memory_use import GpuMemory, MemoryAt
from ltx_triton.engines.tensorrt.library import LibraryName
from ltx_triton.engines.tensorrt.plan import PlanInfo
from ltx_triton.json_file import JsonFileError
from ltx_triton.pipeline.config import PipelineConfig, SizeLimit
from ltx_triton.repository.layout import ENGINE_FILE, PLAN_FILE, SERVED_REPOSITORY, version_folder
from ltx_triton.settings import Settings

TextEncoderDevice = Literal["gpu", "cpu"]  # cpu: in OpenVINO, and no plan is built of it


@dataclass(frozen=True)
class PlanOptions:
    """Source, destination and settings of a build."""

    source: Path  # the ONNX export, laid out like a model repository
    settings: Settings  # MAX_RESOLUTION and the like, for the size `maximum`
    library: LibraryName = "tensorrt"
    output: Path = SERVED_REPOSITORY  # root of the model repository
    text_encoder_device: TextEncoderDevice = "gpu"
    sizes: tuple[str, ...] = DEFAULT_SIZES
    optimization_level: int = 3  # 0 to 5, TensorRT's own default
    workspace_gib: float | None = None  # most GPU memory for one kernel; None: all
    weight_streaming: bool = False
    work_folder: Path | None = None  # of timings and logs; None: `tensorrt` beside the source
    engines: tuple[ModelContract, ...] = ENGINES  # to build plans of

    def runs_on_cpu(self, model: ModelContract) -> bool:
        return model is TEXT_ENCODER and self.text_encoder_device == "cpu"

    def planned(self, target: Target, precision: str) -> Planned:
        on_cpu = tuple(model.name for model in self.engines if self.runs_on_cpu(model))
        return Planned(self.output, precision, target.gpu, self.weight_streaming, on_cpu)


def build_plans(options: PlanOptions) -> list[PlanReport]:
    """Build a plan of each engine; keep plans that are up to date.

    Raises:
        ExportError: there is no library, no GPU for it or too little room, the source is not
            complete, or a plan cannot be built. The repository is then as it was.
    """
    config = _load_source(options)
    limits = size_limits(options.sizes, config, options.settings)
    target = find_target(options.library, config.precision)
    work = options.work_folder or options.source.parent / "tensorrt"
    work.mkdir(parents=True, exist_ok=True)
    workspace = None if options.workspace_gib is None else int(options.workspace_gib * 2**30)
    cache = cache_file(work, target.library, target.gpu) if target.gpu else None
    builder = Builder(cache, work, workspace)
    print(f"{target}, {config.precision}")

    on_cpu = [model for model in options.engines if options.runs_on_cpu(model)]
    planned = [model for model in options.engines if model not in on_cpu]
    infos = {model.name: plan_info(model, config, limits, options, target) for model in planned}
    outdated = [
        model
        for model in planned
        if not _is_current(version_folder(options.output, model), infos[model.name])
    ]
    graphs = {
        model.name: version_folder(options.source, model) / ENGINE_FILE for model in options.engines
    }
    outdated_on_cpu = [
        model
        for model in on_cpu
        if not is_current(config, graphs[model.name].parent, version_folder(options.output, model))
    ]
    weights = {name: onnx_bytes(graph) for name, graph in graphs.items()}
    require_room(
        plan_needs(
            options.planned(target, config.precision),
            weights,
            {model.name for model in (*outdated, *outdated_on_cpu)},
        )
    )
    with staging(options.output) as folders:
        for model in on_cpu:
            source, current = graphs[model.name].parent, version_folder(options.output, model)
            stage_cpu_engine(model, config, source, current, folders[model.name])
        reports = [
            _build(builder, graphs[model.name], model, infos[model.name], config, folders)
            if model in outdated
            else _keep(model, version_folder(options.output, model) / PLAN_FILE)
            for model in planned
        ]
        limited = config.model_copy(update={"size_limits": tuple(limits.values())})
        publish_plans(folders, options.source, options.output, limited, on_cpu)
    print_reports(reports)
    return reports


def plan_info(
    model: ModelContract,
    config: PipelineConfig,
    limits: dict[str, SizeLimit],
    options: PlanOptions,
    target: Target,
) -> PlanInfo:
    """Describe the plan that would be built for an engine."""
    graph = (version_folder(options.source, model) / ENGINE_FILE).read_bytes()
    return PlanInfo(
        library=target.name,
        library_version=target.version,
        gpu_name=target.gpu.name if target.gpu else None,
        compute_capabilities=target.compute_capabilities,
        precision=config.precision,
        profiles=profiles(model, config, limits),
        onnx_sha256=hashlib.sha256(graph).hexdigest(),
        checkpoint_sha256=config.checkpoint_sha256,
        optimization_level=options.optimization_level,
        weight_streaming=options.weight_streaming,
        refittable=False,
    )


def _keep(model: ModelContract, plan: Path) -> PlanReport:
    print(f"{model.name}: {plan} is current")
    return PlanReport(
        model.name,
        current=True,
        seconds=0,
        plan_bytes=plan.stat().st_size,
        activation_bytes=None,
        host_peak_bytes=None,
    )


def _build(
    builder: Builder,
    graph: Path,
    model: ModelContract,
    info: PlanInfo,
    config: PipelineConfig,
    folders: Mapping[str, Path],
) -> PlanReport:
    """Build a plan in a process of its own, and write what it takes in memory."""
    folder = folders[model.name]
    built = in_child(
        f"{model.name}: TensorRT crashed, or the kernel ended it because memory ran out. "
        f"Its log: {builder.log_file(model)}",
        builder.build,
        graph,
        model,
        info,
        folder,
    )
    _save_memory(folder, built.activation_bytes, info, config)
    return PlanReport(
        model.name,
        current=False,
        seconds=built.seconds,
        plan_bytes=(folder / PLAN_FILE).stat().st_size,
        activation_bytes=built.activation_bytes,
        host_peak_bytes=built.host_peak_bytes,
    )


def _save_memory(
    folder: Path, activation_bytes: int, info: PlanInfo, config: PipelineConfig
) -> None:
    # Contexts of all shapes share the activations of the largest profile.
    size = MemoryAt(tokens=0, first_bytes=activation_bytes, further_bytes=0, output_bytes=0)
    frames = 3 * config.temporal_compression * config.spatial_compression**2  # of a token, in RGB
    GpuMemory(
        # Leave streaming weights out: TensorRT fits them into the free memory.
        resting_bytes=0 if info.weight_streaming else (folder / PLAN_FILE).stat().st_size,
        area=None,
        sizes=(size, replace(size, tokens=1, output_bytes=frames)),
    ).save(folder)


def _load_source(options: PlanOptions) -> PipelineConfig:
    source = options.source
    try:
        config = PipelineConfig.load(version_folder(source, LTX_VIDEO))
    except (FileNotFoundError, JsonFileError) as error:
        raise ExportError(f"--source {source} is not an ONNX export: {error}") from error
    for model in options.engines:
        file = version_folder(source, model) / ENGINE_FILE
        if not file.is_file():
            raise ExportError(f"--source {source} is not complete: {file} is missing")
    return config


def _is_current(folder: Path, wanted: PlanInfo) -> bool:
    try:
        complete = all((folder / name).is_file() for name in (PLAN_FILE, GpuMemory.FILE))
        return complete and PlanInfo.load(folder) == wanted
    except (FileNotFoundError, JsonFileError):
        return False
