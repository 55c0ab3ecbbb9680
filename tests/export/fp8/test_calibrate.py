from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import LTXConditionPipeline
from torch import nn

from export.checkpoint.folder import FolderCheckpoint
from export.checkpoint.weights import fp32_weight_bytes
from export.errors import ExportError
from export.fp8 import calibrate
from export.fp8.quantize import scale_for
from export.fp8.record import Record, Scales
from export.fp8.shared_scales import share_weight_scales
from export.graphs.engine import Engine
from export.options import ExportOptions
from export.precision import Precision
from export.run import export
from ltx_triton.contract import TRANSFORMER
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import version_folder

PROMPTS = ["A red fish", "Black"]


def test_scales_are_those_of_the_pipelines_largest_values(
    checkpoint: FolderCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrate, "prompts", lambda: PROMPTS)
    monkeypatch.setattr(calibrate, "SIZES", dict.fromkeys(calibrate.SIZES, (64, 96, 9)))
    record = calibrate.calibrate(checkpoint, "c" * 64, tmp_path)

    pipeline = LTXConditionPipeline.from_pretrained(checkpoint.folder)
    pipeline.set_progress_bar_config(disable=True)
    linears = {
        name: module
        for name, module in pipeline.transformer.named_modules()
        if isinstance(module, nn.Linear)
    }
    largest: dict[str, float] = defaultdict(float)

    def watch(name: str) -> Any:
        def hook(_: nn.Module, arguments: Any, __: torch.Tensor) -> None:
            largest[name] = max(largest[name], float(arguments[0].abs().max()))

        return hook

    for name, module in linears.items():
        module.register_forward_hook(watch(name))
    for number, prompt in enumerate(PROMPTS):
        pipeline(
            prompt=prompt,
            height=64,
            width=96,
            num_frames=9,
            num_inference_steps=8,
            guidance_scale=1.0,
            generator=torch.Generator().manual_seed(number),
            output_type="latent",
        )
    found = {
        name: scales for group in record.groups.values() for name, scales in group.layers.items()
    }
    assert found.keys() == linears.keys()
    own = {
        name: Scales(scale_for(largest[name]), scale_for(module.weight.abs().max().item()))
        for name, module in linears.items()
    }
    for name, scales in share_weight_scales(own).items():
        assert found[name].input == pytest.approx(scales.input, rel=1e-4)
        assert found[name].weight == scales.weight


def test_the_export_leaves_a_record(record: Record, checkpoint: FolderCheckpoint) -> None:
    assert record.fits(checkpoint.sha256())
    assert (record.height, record.width, record.num_inference_steps) == (256, 256, 8)
    assert {name for name, group in record.groups.items() if not group.quantized} >= {"proj_out"}
    assert {"first block", "last block"} <= record.groups.keys()
    assert len(record.layers) >= 20


def calibrated_again(
    record: Record, checkpoint: FolderCheckpoint, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> bool:
    fresh = record.model_copy(update={"arithmetic": "fresh"})
    monkeypatch.setattr(calibrate, "calibrate", lambda *_: fresh)
    return calibrate.load_or_calibrate(checkpoint, record.checkpoint_sha256, folder) is fresh


def test_a_record_that_fits_is_used_again(
    record: Record, checkpoint: FolderCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert calibrated_again(record, checkpoint, tmp_path, monkeypatch)
    record.save(tmp_path)
    assert not calibrated_again(record, checkpoint, tmp_path, monkeypatch)


@pytest.mark.parametrize("field", ["checkpoint_sha256", "prompts_sha256"])
def test_a_record_that_does_not_fit_is_replaced(
    field: str,
    record: Record,
    checkpoint: FolderCheckpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changes: dict[str, Any] = {field: "0" * 64}
    record.model_copy(update=changes).save(tmp_path)
    assert calibrated_again(record, checkpoint, tmp_path, monkeypatch)


def test_the_export_looks_for_a_record_where_the_last_one_put_it(
    record: Record, checkpoint: FolderCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = version_folder(tmp_path, TRANSFORMER)
    folder.mkdir(parents=True)
    record.save(folder)
    used = []

    def write(engine: Engine, *_: object) -> None:
        if engine.contract is TRANSFORMER:
            used.append(engine.fp8)
            raise KeyboardInterrupt

    monkeypatch.setattr("export.run.write_engine", write)
    options = ExportOptions(
        str(checkpoint.folder), tmp_path, precision=Precision.FP8, verification=False
    )
    with pytest.raises(KeyboardInterrupt):
        export(options)
    assert used == [record]
    assert Record.load(folder) == record


def test_too_little_memory_is_said_before_anything_is_loaded(
    checkpoint: FolderCheckpoint,
    config: PipelineConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calibrate, "MEMORY_SHARE", 1e9)
    with pytest.raises(ExportError) as refused:
        calibrate.load_or_calibrate(checkpoint, config.checkpoint_sha256, tmp_path)
    assert str(refused.value).endswith(
        f"; calibrate on another machine and copy its fp8.json to {tmp_path}"
    )


def test_memory_is_what_the_container_has_left(
    checkpoint: FolderCheckpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fp32 = calibrate.MEMORY_SHARE * fp32_weight_bytes(checkpoint.weights("transformer").values())
    monkeypatch.setattr(calibrate, "left_bytes", lambda: int(0.75 * fp32))
    assert calibrate._choose(checkpoint, tmp_path) == ("cpu", torch.bfloat16)


@pytest.mark.parametrize(
    ("share", "chosen"),
    [
        (1.01, ("cuda", torch.float32)),
        (0.75, ("cuda", torch.bfloat16)),
        (0.25, ("cpu", torch.float32)),
    ],
)
def test_a_gpu_without_room_leaves_it_to_the_cpu(
    checkpoint: FolderCheckpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    share: float,
    chosen: tuple[str, torch.dtype],
) -> None:
    """`share`: free memory of the GPU over what FP32 takes."""
    fp32 = calibrate.MEMORY_SHARE * fp32_weight_bytes(checkpoint.weights("transformer").values())
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda: (share * fp32, 0))

    assert calibrate._choose(checkpoint, tmp_path) == chosen
