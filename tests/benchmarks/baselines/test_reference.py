import gc
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.baselines.case import Case
from benchmarks.baselines.components import load_component
from benchmarks.baselines.inputs import load_output
from benchmarks.baselines.reference import save_reference
from export.fp8.record import Group, Record, Scales
from export.verification.verify import relative_l2

COMPONENTS = ("text_encoder", "transformer", "vae_decoder")


def write_record(folder: Path) -> None:
    scales = Scales(input=0.02, weight=0.002)
    layers = {f"transformer_blocks.{block}.ff.net.2": scales for block in (0, 1)}
    Record(
        checkpoint_sha256="0" * 64,
        prompts_sha256="0" * 64,
        arithmetic="float32 on cpu",
        height=64,
        width=64,
        num_frames=9,
        num_inference_steps=8,
        rule="all",
        groups={"ff": Group(0.01, 1, 1, quantized=True, layers=layers)},
    ).save(folder)


def test_bf16_is_close_to_fp32_and_not_the_same(case: Case) -> None:
    save_reference(replace(case, precision="bf16"))
    for what in COMPONENTS:
        exact, rounded = (load_output(case, side, what) for side in ("fp32", "torch"))
        assert 0 < relative_l2(rounded, exact) < 0.05
    assert load_output(case, "fp32", "request").shape == (9, 64, 96, 3)
    assert not (case.folder / "output-torch_fp8-transformer.npy").exists()


def test_fp8_is_further_from_fp32_than_bf16(case: Case) -> None:
    write_record(case.folder)
    save_reference(replace(case, precision="fp8"))
    exact, bf16, fp8 = (
        load_output(case, side, "transformer") for side in ("fp32", "torch", "torch_fp8")
    )
    assert relative_l2(bf16, exact) < relative_l2(fp8, exact) < 0.2


def test_one_component_is_in_memory_at_a_time(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[weakref.ref[Any]] = []

    def watched(*arguments: Any) -> Any:
        gc.collect()
        assert not any(module() for module in loaded)
        module = load_component(*arguments)
        loaded.append(weakref.ref(module))
        return module

    monkeypatch.setattr("benchmarks.baselines.reference.load_component", watched)
    save_reference(case)
    assert len(loaded) == 6, "three components in two precisions"
    assert np.isfinite(load_output(case, "fp32", "transformer")).all()
