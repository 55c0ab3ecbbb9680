"""Everything around the building itself, which only a GPU can do: `Builder.build` is replaced.

The replacement is not in the process that a plan is built in, so it is called here.
"""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from export.errors import ExportError
from export.tensorrt.build import PlanOptions, build_plans
from export.tensorrt.builder import Builder, BuiltPlan
from ltx_triton.contract import ENGINES, MODELS, TEXT_ENCODER, ModelContract
from ltx_triton.engines.cpu_engine import CpuEngineInfo
from ltx_triton.engines.device import select_device
from ltx_triton.engines.machine_memory import read_memory_use
from ltx_triton.engines.memory_use import CpuMemory, GpuMemory, LatentSize, MemoryAt
from ltx_triton.engines.tensorrt.cuda import Gpu
from ltx_triton.engines.tensorrt.plan import PlanInfo, require_checkpoint
from ltx_triton.engines.tensorrt.tensorrt_rtx import KERNEL_FILE
from ltx_triton.pipeline.config import PipelineConfig, SizeLimit
from ltx_triton.repository.layout import PLAN_FILE, TENSORRT_CONFIG_FILE, version_folder
from ltx_triton.repository.model_config import read_config
from ltx_triton.settings import Settings
from tests.ltx_triton.pipeline.test_config import CONFIG

GPU = Gpu("NVIDIA Stand-in", "9.0", 24 * 2**30)


def write_source(folder: Path, config: PipelineConfig = CONFIG) -> Path:
    """An ONNX export, as far as its files go."""
    for model in ENGINES:
        version_folder(folder, model).mkdir(parents=True, exist_ok=True)
        (version_folder(folder, model) / "model.onnx").write_text(f"graph of {model.name}")
        (version_folder(folder, model) / "model.onnx.data").write_text(f"weights of {model.name}")
    settings = folder / "ltx_video" / "1"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "tokenizer.json").write_text("{}")
    config.save(settings)
    return folder


@pytest.fixture
def options(tmp_path: Path) -> PlanOptions:
    source = write_source(tmp_path / "engines" / "bf16")
    return PlanOptions(source=source, settings=Settings(), output=tmp_path / "repository")


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Puts a machine with a GPU in place; names the models whose plans have been built."""
    models: list[str] = []

    def build(
        self: Builder, onnx_file: Path, contract: ModelContract, info: PlanInfo, folder: Path
    ) -> BuiltPlan:
        if onnx_file.read_text() == "cannot be built":
            raise ExportError(f"{contract.name}: no plan could be built")
        models.append(contract.name)
        (folder / PLAN_FILE).write_text(f"plan {len(models)} of {onnx_file.read_text()}")
        info.save(folder)
        return BuiltPlan(seconds=2.0, activation_bytes=3 * 2**20, host_peak_bytes=5 * 2**20)

    library = SimpleNamespace(trt=SimpleNamespace(__version__="11.4.0"), strongly_typed=True)
    monkeypatch.setattr(Builder, "build", build)
    monkeypatch.setattr(
        "export.tensorrt.build.in_child", lambda _, function, *arguments: function(*arguments)
    )
    monkeypatch.setattr("export.tensorrt.target.find_gpu", lambda: GPU)
    monkeypatch.setattr("export.tensorrt.target.load_tensorrt", lambda _: library)
    return models


def files(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): file.read_text()
        for file in folder.rglob("*")
        if file.is_file()
    }


def names(models: tuple[ModelContract, ...] = ENGINES) -> list[str]:
    return [model.name for model in models]


def test_the_repository_is_complete(options: PlanOptions, built: list[str]) -> None:
    reports = build_plans(options)

    of_plan = ("1/model.plan", "1/model.plan.json", "1/model.plan.memory.json")
    of_engines = (*of_plan, "configs/tensorrt.pbtxt")
    assert set(files(options.output)) == {
        *(f"{name}/{file}" for name in names() for file in of_engines),
        *(f"{name}/{file}" for name in names(MODELS) for file in ("1/model.py", "config.pbtxt")),
        "ltx_video/1/pipeline.json",
        "ltx_video/1/tokenizer.json",
    }
    config = PipelineConfig.load(options.output / "ltx_video" / "1")
    limits = (SizeLimit(512, 512, 25), SizeLimit(512, 512, 257))
    assert config == CONFIG.model_copy(update={"size_limits": limits})
    info = PlanInfo.load(options.output / "transformer" / "1")
    assert (info.gpu_name, info.compute_capabilities) == (GPU.name, ("9.0",))
    assert (info.precision, info.library_version) == ("bf16", "11.4.0")
    assert info.onnx_sha256 == hashlib.sha256(b"graph of transformer").hexdigest()
    assert info.checkpoint_sha256 == CONFIG.checkpoint_sha256
    assert [profile.name for profile in info.profiles] == ["default", "maximum"]
    memory = GpuMemory.load(options.output / "vae_decoder" / "1")
    assert memory.resting_bytes == (options.output / "vae_decoder/1/model.plan").stat().st_size
    assert memory.first_bytes(LatentSize(10, 10)) == 3 * 2**20, "the activations, at every size"
    assert memory.output_bytes(LatentSize(10, 10)) == 100 * 32 * 32 * 8 * 3
    assert [(report.model, report.current) for report in reports] == [
        (name, False) for name in names()
    ]


def test_current_plans_are_kept(
    options: PlanOptions, built: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    build_plans(options)
    (options.output / "transformer" / "1" / KERNEL_FILE).write_text("compiled for the plan")
    before = files(options.output)
    capsys.readouterr()

    reports = build_plans(options)

    assert built == names()
    assert files(options.output) == before
    assert all(report.current for report in reports)
    assert capsys.readouterr().out.count("model.plan is current") == 3


def test_plans_can_be_built_one_by_one_each_from_its_own_graph(
    options: PlanOptions, built: list[str]
) -> None:
    for model in ENGINES:
        for other in ENGINES:
            (version_folder(options.source, other) / "model.onnx").unlink(missing_ok=True)
        (version_folder(options.source, model) / "model.onnx").write_text("graph")
        (report,) = build_plans(replace(options, engines=(model,)))
        assert report.model == model.name

    assert built == names()
    one_by_one = files(options.output)
    assert {f"{name}/1/model.plan" for name in names()} <= set(one_by_one)
    assert {f"{name}/configs/tensorrt.pbtxt" for name in names()} <= set(one_by_one)


@pytest.mark.parametrize(
    ("change", "rebuilt"),
    [
        ({"optimization_level": 5}, names()),
        ({"weight_streaming": True}, names()),
        ({"sizes": ("default",)}, ["transformer", "vae_decoder"]),
    ],
)
def test_plans_built_in_another_way_are_built_again(
    options: PlanOptions, built: list[str], change: dict[str, object], rebuilt: list[str]
) -> None:
    build_plans(options)
    built.clear()

    build_plans(replace(options, **change))  # type: ignore[arg-type]

    assert built == rebuilt


def test_a_plan_of_another_graph_gpu_or_unknown_origin_is_built_again(
    options: PlanOptions, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    build_plans(options)
    built.clear()
    kernels = options.output / ENGINES[1].name / "1" / KERNEL_FILE
    kernels.write_text("compiled for the plan before")
    (version_folder(options.source, ENGINES[1]) / "model.onnx").write_text("another graph")
    (version_folder(options.output, ENGINES[2]) / "model.plan.json").write_text("{}")

    build_plans(options)
    assert built == names(ENGINES[1:])
    assert not kernels.exists()

    built.clear()
    monkeypatch.setattr(
        "export.tensorrt.target.find_gpu", lambda: Gpu("Another", "9.0", 24 * 2**30)
    )
    build_plans(options)
    assert built == names()


def test_a_build_that_fails_leaves_the_repository_as_it_was(
    options: PlanOptions, built: list[str]
) -> None:
    build_plans(options)
    before = files(options.output)
    graphs = ("another graph", "another graph", "cannot be built")
    for model, graph in zip(ENGINES, graphs, strict=True):
        (version_folder(options.source, model) / "model.onnx").write_text(graph)

    with pytest.raises(ExportError, match="vae_decoder: no plan could be built"):
        build_plans(options)

    assert files(options.output) == before


def test_onnx_engines_of_another_checkpoint_are_removed_and_those_of_this_one_kept(
    options: PlanOptions, built: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    onnx_files = [
        f"{name}/1/{file}" for name in names() for file in ("model.onnx", "model.onnx.data")
    ]
    write_source(options.output)
    for name in onnx_files:
        (options.output / name).write_text("ONNX")
    build_plans(options)
    assert set(onnx_files) <= set(files(options.output))

    write_source(options.source, CONFIG.model_copy(update={"checkpoint_sha256": "f" * 64}))
    build_plans(options)

    assert not set(onnx_files) & set(files(options.output))
    assert capsys.readouterr().out.count("does not belong to this export: removed") == 6


def test_settings_come_last(
    options: PlanOptions, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_source(options.output)
    move = Path.replace

    def stop_at_the_transformer(source: Path, target: Path) -> Path:
        if "transformer" in source.parts:
            raise KeyboardInterrupt
        return move(source, target)

    monkeypatch.setattr(Path, "replace", stop_at_the_transformer)
    with pytest.raises(KeyboardInterrupt):
        build_plans(options)

    assert "ltx_video/1/pipeline.json" not in files(options.output)
    assert not any(".export" in name for name in files(options.output))


def test_tritons_own_backend_is_told_of_all_profiles(
    options: PlanOptions, built: list[str]
) -> None:
    build_plans(replace(options, sizes=("preview", "long", "maximum")))

    profiles = {
        name: list(group.profile)
        for name in names()
        for group in read_config(options.output / name / TENSORRT_CONFIG_FILE).instance_group
    }
    assert profiles == {
        "text_encoder": ["0"],
        "transformer": ["0", "1", "2"],
        "vae_decoder": ["0", "1", "2"],
    }


def test_the_table_says_what_it_took(
    options: PlanOptions, built: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    build_plans(options)

    lines = capsys.readouterr().out.splitlines()[-4:]
    assert lines[0].split() == ["plan", "seconds", "MiB", "activations", "host", "peak"]
    for line, name in zip(lines[1:], names(), strict=True):
        assert line.split() == [name, "2", "0", "3", "5"]


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> CpuMemory:
    """What the text encoder is found to take on the CPU."""
    memory = CpuMemory(resting_bytes=7, area=None, sizes=(MemoryAt(1, 2, 3, 4),))
    monkeypatch.setattr("export.tensorrt.cpu_engine.measure_memory", lambda *_: memory)
    monkeypatch.setenv("CPU_PRECISION", "bf16")
    return memory


def test_a_text_encoder_on_the_cpu_takes_the_place_of_its_plan_and_gives_it_back(
    options: PlanOptions, built: list[str], measured: CpuMemory
) -> None:
    on_cpu = replace(options, text_encoder_device="cpu")
    build_plans(options)
    with_plans = files(options.output)
    built.clear()

    reports = build_plans(on_cpu)

    assert built == []
    assert [report.model for report in reports] == ["transformer", "vae_decoder"]
    of_text_encoder = {name for name in files(options.output) if name.startswith("text_encoder")}
    assert of_text_encoder == {
        f"text_encoder/{file}"
        for file in (
            "config.pbtxt",
            "1/model.py",
            "1/model.onnx",
            "1/model.onnx.data",
            "1/model.onnx.json",
            "1/model.onnx.memory.json",
        )
    }
    assert CpuMemory.load(options.output / "text_encoder" / "1") == measured
    require_checkpoint(options.output, CONFIG)

    build_plans(options)

    assert built == ["text_encoder"]
    left = {f"text_encoder/1/model.onnx{suffix}" for suffix in ("", ".data", ".memory.json")}
    assert set(files(options.output)) == set(with_plans) | left, "what runs where there is no GPU"


def test_a_text_encoder_on_the_cpu_is_kept_while_it_is_current(
    options: PlanOptions, built: list[str], measured: CpuMemory, capsys: pytest.CaptureFixture[str]
) -> None:
    on_cpu = replace(options, text_encoder_device="cpu")
    build_plans(on_cpu)
    before = files(options.output)
    (options.output / "ltx_video" / "1" / "pipeline.json").unlink()  # publishing was cut short

    build_plans(on_cpu)
    assert files(options.output) == before
    assert "model.onnx is current" in capsys.readouterr().out

    write_source(options.source, CONFIG.model_copy(update={"checkpoint_sha256": "f" * 64}))
    build_plans(on_cpu)
    info = CpuEngineInfo.load(options.output / "text_encoder" / "1")
    assert info.checkpoint_sha256 == "f" * 64


def test_each_engine_is_served_and_counted_on_its_device(
    bf16_repository: Path, options: PlanOptions, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a real text encoder, measured on this machine."""
    monkeypatch.setattr("ltx_triton.engines.device.find_gpu", lambda: GPU)
    monkeypatch.setenv("MODEL_DEVICE", "cuda")
    real, source = (
        version_folder(root, TEXT_ENCODER) for root in (bf16_repository, options.source)
    )
    shutil.copytree(real, source, dirs_exist_ok=True)
    build_plans(replace(options, text_encoder_device="cpu"))

    folders = [version_folder(options.output, model) for model in ENGINES]
    devices = {folder: select_device(folder) for folder in folders}
    use = read_memory_use(devices, psutil.Process())

    assert [device.kind for device in devices.values()] == ["cpu", "cuda", "cuda"]
    assert use is not None
    assert set(use.devices["cpu"].engines) == {"text_encoder"}
    assert use.devices["cpu"].needed([]) > 10**7
    assert set(use.devices["cuda"].engines) == {"transformer", "vae_decoder"}
    assert use.devices["cuda"].available_bytes == GPU.memory_bytes


def test_a_gpu_without_room_for_all_weights_is_refused_before_anything_is_built(
    options: PlanOptions, built: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    build_plans(options)
    built.clear()
    monkeypatch.setattr("export.tensorrt.target.find_gpu", lambda: replace(GPU, memory_bytes=100))
    build_plans(options)
    assert built == [], "they are current"
    (version_folder(options.source, ENGINES[2]) / "model.onnx").write_text("another graph")

    with pytest.raises(ExportError, match=r"^too little room: .* on the NVIDIA Stand-in"):
        build_plans(options)
    assert built == []

    build_plans(replace(options, weight_streaming=True))
    assert built == names()


def test_a_cpu_without_room_for_the_text_encoder_is_refused_before_anything_is_built(
    options: PlanOptions, built: list[str], measured: CpuMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_cpu = replace(options, text_encoder_device="cpu")
    with monkeypatch.context() as patch:
        patch.setattr("export.memory.need.MEASURING_BYTES", 1e18)
        with pytest.raises(ExportError, match="of memory to measure text_encoder on the CPU"):
            build_plans(on_cpu)
        assert built == []
    build_plans(on_cpu)
    monkeypatch.setattr("export.memory.need.MEASURING_BYTES", 1e18)
    build_plans(on_cpu)  # it is current


def test_an_incomplete_source_is_refused(options: PlanOptions) -> None:
    (version_folder(options.source, ENGINES[2]) / "model.onnx").unlink()
    with pytest.raises(ExportError, match=r"is not complete: .*vae_decoder/1/model\.onnx"):
        build_plans(options)

    with pytest.raises(ExportError, match="is not an ONNX export"):
        build_plans(replace(options, source=options.source.parent))
