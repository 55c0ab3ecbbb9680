"""The engines of a checkpoint, in the precision of an export."""

from dataclasses import replace

from export.checkpoint.checkpoint import Checkpoint
from export.fp8.record import Record
from export.graphs import text_encoder, transformer, vae_decoder
from export.graphs.engine import Engine
from export.options import ExportOptions
from export.sampling import sampling

LARGE = 1e9  # parameters of a transformer


def with_precision(options: ExportOptions, checkpoint: Checkpoint) -> ExportOptions:
    """Decide the precision by the checkpoint's size, where that is left open."""
    if options.precision_if_large is None:
        return options
    parameters = transformer.build(checkpoint, options.precision).module.parameters()
    large = sum(parameter.numel() for parameter in parameters) > LARGE
    precision = options.precision_if_large if large else options.precision
    return replace(options, precision=precision, precision_if_large=None)


def build_engines(
    checkpoint: Checkpoint, options: ExportOptions, fp8: Record | None = None
) -> tuple[Engine, ...]:
    version = sampling(checkpoint, options)
    return (
        text_encoder.build(checkpoint, options.precision),
        transformer.build(checkpoint, options.precision, fp8),
        vae_decoder.build(
            checkpoint, options.precision, version.decode_timestep, version.decode_noise_scale
        ),
    )
