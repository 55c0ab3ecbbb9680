import json
from pathlib import Path

import pytest

from export.checkpoint.folder import FolderCheckpoint
from export.graphs import text_encoder, transformer, vae_decoder
from export.graphs.engine import Engine
from export.memory.need import MEASURING_BYTES, MEASURING_SHARE
from export.needs import (
    BASE_BYTES,
    SECONDS_PER_GB,
    VERIFICATION_SECONDS_PER_GB,
    WEIGHT_SHARE,
    calibration_need,
    duration,
    engine_needs,
    engine_weight_bytes,
)
from export.precision import Precision
from export.room import Disk
from ltx_triton.contract import LTX_VIDEO
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.layout import DATA_FILE, version_folder

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results" / "export_memory.json"
RAW = json.loads(RESULTS.read_text())


def engines(checkpoint: FolderCheckpoint, precision: Precision) -> list[Engine]:
    return [
        text_encoder.build(checkpoint, precision),
        transformer.build(checkpoint, precision),
        vae_decoder.build(checkpoint, precision, 0.05, 0.025),
    ]


def written_bytes(repository: Path, engine: Engine) -> int:
    return (version_folder(repository, engine.contract) / DATA_FILE).stat().st_size


def test_the_weights_of_an_export_are_known_before(
    narrow_repository: Path, checkpoint: FolderCheckpoint
) -> None:
    config = PipelineConfig.load(version_folder(narrow_repository, LTX_VIDEO))
    precision = Precision(config.precision)
    for engine in engines(checkpoint, precision):
        expected = engine_weight_bytes(engine, precision)
        written = written_bytes(narrow_repository, engine)
        # Padding between so small tensors takes its share, and some linears are left out of FP8.
        assert expected <= written * 1.001
        assert written < expected * 1.2


@pytest.mark.parametrize(
    ("name", "precision"), [("repository", Precision.FP32), ("int8_repository", Precision.INT8)]
)
def test_weights_for_a_cpu_are_known_before(
    request: pytest.FixtureRequest,
    checkpoint: FolderCheckpoint,
    name: str,
    precision: Precision,
) -> None:
    for engine in engines(checkpoint, precision):
        written = written_bytes(request.getfixturevalue(name), engine)
        expected = engine_weight_bytes(engine, precision)
        # Pages are padded; small tensors in INT8 fill a page by half or less.
        assert expected <= written * 1.001
        assert written < expected * 1.25


def test_disk_is_for_all_engines_and_memory_for_the_largest(
    checkpoint: FolderCheckpoint, tmp_path: Path
) -> None:
    built = engines(checkpoint, Precision.BF16)
    disk, writing, measuring = engine_needs(built, Precision.BF16, tmp_path, measured=True)
    assert isinstance(disk, Disk)
    assert disk.bytes == sum(engine_weight_bytes(engine, Precision.BF16) for engine in built)
    assert disk.folder == tmp_path
    largest = max(engine_weight_bytes(engine, Precision.BF16) for engine in built)
    assert measuring.bytes == MEASURING_BYTES + MEASURING_SHARE * largest
    assert BASE_BYTES < writing.bytes < measuring.bytes
    assert engine_needs(built, Precision.BF16, tmp_path, measured=False) == [disk, writing]
    calibration = calibration_need(built, tmp_path)
    assert largest < calibration.bytes < 2 * largest  # which is the size in FP32


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.INT8])
def test_measuring_counts_the_weights_that_the_runtime_holds(
    checkpoint: FolderCheckpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    precision: Precision,
) -> None:
    text, transformer, decoder = engines(checkpoint, precision)

    def counted(*some: Engine) -> float:
        *_, measuring = engine_needs(some, precision, tmp_path, measured=True)
        return (measuring.bytes - MEASURING_BYTES) / MEASURING_SHARE

    whole = [engine_weight_bytes(engine, precision) for engine in (text, transformer, decoder)]
    assert [counted(text), counted(transformer), counted(decoder)] == pytest.approx(whole)
    monkeypatch.setenv("CPU_RUNTIME", "onnxruntime")
    assert counted(decoder) == pytest.approx(whole[2])  # always in OpenVINO
    for engine, size in ((text, whole[0]), (transformer, whole[1])):
        if precision is Precision.FP32:
            assert counted(engine) == pytest.approx(0, abs=1)
        else:
            assert 0.1 * size < counted(engine) < size


def test_small_exports_take_a_minute(checkpoint: FolderCheckpoint) -> None:
    built = engines(checkpoint, Precision.BF16)
    expected = "1 minute to write and compare engines on two cores"
    assert duration(built, Precision.BF16, verification=True) == expected
    assert duration(built, Precision.BF16, verification=False).startswith(
        "1 minute to write engines"
    )


def test_int8_takes_the_time_of_all_its_weights(
    checkpoint: FolderCheckpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("export.needs.SECONDS_PER_GB", 1e6)
    monkeypatch.setattr("export.needs.VERIFICATION_SECONDS_PER_GB", 0)

    def minutes(precision: Precision) -> int:
        built = engines(checkpoint, precision)[:2]  # the VAE is not in INT8
        return int(duration(built, precision, verification=True).split()[0])

    assert minutes(Precision.INT8) == pytest.approx(minutes(Precision.BF16), rel=0.05)


def test_the_constants_are_those_of_the_measurement() -> None:
    exports, verifications = RAW["components"].values(), RAW["verification"]
    assert RAW["cpus"] == 2

    usages = [*(each["export"] for each in exports), *(e["usage"] for e in verifications.values())]
    peak = max(usage["peak_resident_bytes"] for usage in usages)
    largest_weight = 4 * 32128 * 4096  # the text encoder's embeddings
    assert peak < BASE_BYTES + WEIGHT_SHARE * largest_weight < 1.5 * peak

    seconds = sum(each["export"]["seconds"] for each in exports)
    size = sum(each["onnx_bytes"] for each in exports)
    assert pytest.approx(seconds / size * 1e9, rel=0.05) == SECONDS_PER_GB

    # The VAE's engine is small and decodes many pixels.
    compared = [verifications[name] for name in ("transformer", "text_encoder")]
    seconds = sum(each["usage"]["seconds"] for each in compared)
    size = sum(each["onnx_bytes"] for each in compared)
    assert pytest.approx(seconds / size * 1e9, rel=0.05) == VERIFICATION_SECONDS_PER_GB
