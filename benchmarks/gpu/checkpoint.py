"""The random checkpoint of a case, its settings and inputs, and its export, engine by engine."""

from typing import Any

import transformers

from benchmarks.baselines.case import Case
from benchmarks.baselines.inputs import save_inputs
from benchmarks.gpu.cases import Model, onnx_folder, onnx_repository
from export.checkpoint.checkpoint import Checkpoint
from export.checkpoint.open import open_checkpoint
from export.checkpoint.tokenizer import save_tokenizer
from export.fp8.calibrate import calibrate
from export.fp8.record import Record
from export.graphs import text_encoder, transformer, vae_decoder
from export.graphs.engine import Engine
from export.onnx.write import write_engine
from export.options import ExportOptions
from export.precision import Precision
from export.random.checkpoint import write_random_checkpoint
from export.sampling import pipeline_config
from ltx_triton.contract import LTX_VIDEO, TEXT_ENCODER, TRANSFORMER
from ltx_triton.pipeline.config import PipelineConfig
from ltx_triton.repository.assemble import assemble
from ltx_triton.repository.layout import TOKENIZER_FILE, version_folder

_SHARD_BYTES = 1 << 30


def write_checkpoint(case: Case, model: Model) -> dict[str, Any]:
    """Write weights, and what the engines' callers need to know of them; return their hash."""
    transformers.logging.set_verbosity_error()
    write_random_checkpoint(
        case.checkpoint,
        transformer=model.transformer,
        text_encoder=model.text_encoder,
        vae=model.vae,
        dtype=model.dtype,
        shard_bytes=_SHARD_BYTES,
    )
    checkpoint = _open(case)
    options = ExportOptions(
        model=str(case.checkpoint), output=case.repository, precision=Precision(case.precision)
    )
    config = pipeline_config(checkpoint, options)
    for repository in {case.repository, onnx_repository(case)}:
        assemble(repository)
        folder = version_folder(repository, LTX_VIDEO)
        save_tokenizer(checkpoint, folder / TOKENIZER_FILE)
        config.save(folder)
    save_inputs(case)
    return {"sha256": config.checkpoint_sha256}


def save_calibration(case: Case) -> dict[str, Any]:
    """Find the FP8 scales of the checkpoint, and say what of it takes FP8."""
    transformers.logging.set_verbosity_error()
    record = calibrate(_open(case), _config(case).checkpoint_sha256, case.folder)
    record.save(case.folder)
    return {
        "arithmetic": record.arithmetic,
        "linears": len(record.layers),
        "work_share": sum(group.work_share for group in record.groups.values() if group.quantized),
    }


def export_engine(case: Case, name: str) -> dict[str, Any]:
    """Write an engine as ONNX; return its bytes."""
    folder = onnx_folder(case, name)
    folder.mkdir(parents=True, exist_ok=True)
    write_engine(_engine(case, name), _open(case), folder)
    return {"bytes": sum(file.stat().st_size for file in folder.glob("model.onnx*"))}


def _engine(case: Case, name: str) -> Engine:
    checkpoint, precision = _open(case), Precision(case.precision)
    if name == TEXT_ENCODER.name:
        return text_encoder.build(checkpoint, precision)
    if name == TRANSFORMER.name:
        fp8 = Record.load(case.folder) if precision is Precision.FP8 else None
        return transformer.build(checkpoint, precision, fp8)
    config = _config(case)
    return vae_decoder.build(
        checkpoint, precision, config.decode_timestep, config.decode_noise_scale
    )


def _open(case: Case) -> Checkpoint:
    return open_checkpoint(str(case.checkpoint), None)


def _config(case: Case) -> PipelineConfig:
    return PipelineConfig.load(version_folder(case.repository, LTX_VIDEO))
