from pathlib import Path

import pytest

from benchmarks import fusion
from ltx_triton.contract import TRANSFORMER
from ltx_triton.engines.cpu_precision import CpuPrecision

precisions = pytest.mark.parametrize("precision", list(CpuPrecision))


@precisions
def test_no_fusion_is_lost(demo_repository: Path, precision: CpuPrecision) -> None:
    assert fusion.lost(demo_repository, precision) == []


@precisions
def test_the_rotary_embedding_is_nothing_but_its_operators(
    demo_repository: Path, precision: CpuPrecision
) -> None:
    """Rotation in several operators would end by concatenating pairs: [B, N, D / 2, 2]."""
    engine = fusion.compile_demo(demo_repository, precision)[TRANSFORMER.name]

    found = fusion.operators(engine)

    assert not [each for each in found if each.kind == "Concatenation" and each.shape[-1] == 2]


def test_a_lost_fusion_is_described(demo_repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fusion, "_EXPECTED", {"transformer": {"RoPE": 11}, "vae_decoder": {}})

    assert fusion.lost(demo_repository, CpuPrecision.FP32) == [
        "transformer in fp32 has 10 operators RoPE, at least 11 expected"
    ]
