"""Command line of the exporter: `python -m export`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import diffusers
import transformers

from export.errors import ExportError
from export.precision import Precision
from export.run import ExportOptions, export
from ltx_triton.pipeline_config import MODEL_REPOSITORY
from ltx_triton.settings import load_settings

DESCRIPTION = """
Export an LTX-Video 0.9.7 checkpoint to ONNX engines in a Triton model repository.

Writes text_encoder, transformer and vae_decoder (1/model.onnx with 1/model.onnx.data) and
ltx_video/1/{tokenizer,pipeline}.json, after comparing every engine with PyTorch. Weights are
streamed, so writing takes little memory; comparing takes the size of the largest component in FP32.
An export that fails before it is published leaves the repository as it was.
"""


def parse(arguments: Sequence[str] | None = None) -> ExportOptions:
    """Read the command line and the environment (MODEL_NAME, MODEL_CACHE_DIR)."""
    settings = load_settings()
    parser = argparse.ArgumentParser(
        prog="python -m export",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--model",
        default=settings.model_name,
        help="folder in diffusers' format, or Hugging Face hub id, downloaded to MODEL_CACHE_DIR "
        "(default: MODEL_NAME, now %(default)s)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=MODEL_REPOSITORY,
        help="root of the model repository; created when missing (default: %(default)s)",
    )
    parser.add_argument(
        "--precision",
        type=Precision,
        choices=list(Precision),
        default=ExportOptions.precision,
        help="of weights and arithmetic; ONNX Runtime on a CPU needs fp32; fp8 runs the model on "
        "some prompts first, to calibrate it (default: %(default)s)",
    )
    parser.add_argument(
        "--name", help="model name shown to users (default: the hub id or the folder's name)"
    )
    parser.add_argument(
        "--num-inference-steps",
        type=int,
        default=ExportOptions.num_inference_steps,
        help="denoising steps of a request that does not say (default: %(default)s)",
    )
    parser.add_argument(
        "--decode-timestep",
        type=_fraction,
        default=ExportOptions.decode_timestep,
        help="timestep of the decoder, 0 to 1, fixed in its graph (default: %(default)s)",
    )
    parser.add_argument(
        "--decode-noise-scale",
        type=_fraction,
        default=ExportOptions.decode_noise_scale,
        help="share of noise mixed into the latents before decoding, 0 to 1, fixed in the "
        "decoder's graph (default: %(default)s)",
    )
    parser.add_argument(
        "--skip-verification",
        dest="verification",
        action="store_false",
        help="do not compare the engines with PyTorch: for a machine with too little memory",
    )
    return ExportOptions(cache_dir=settings.model_cache_dir, **vars(parser.parse_args(arguments)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    options = parse(arguments)
    diffusers.logging.set_verbosity_error()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        export(options)
    except (ExportError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"Exported {options.model} to {options.output}")
    return 0


def _fraction(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


if __name__ == "__main__":
    sys.exit(main())
