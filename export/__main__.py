"""Command line of the exporter: `python -m export`."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import diffusers
import transformers

from export.checkpoint.open import TEXT_ENCODER, TOKENIZER
from export.checkpoint.versions import DEFAULT, VERSIONS
from export.engines import LARGE
from export.errors import ExportError
from export.options import ExportOptions
from export.plans import export_plans
from export.precision import Precision
from export.run import export
from export.tensorrt.arguments import add_arguments, plan_options
from export.tensorrt.build import PlanOptions
from ltx_triton.engines.tensorrt.library import LibraryName
from ltx_triton.folders import kept_folder
from ltx_triton.json_file import JsonFileError
from ltx_triton.repository.layout import SERVED_REPOSITORY
from ltx_triton.settings import Settings, load_settings

PROGRAM = "python -m export"
ONNX = "onnx"
TENSORRT = get_args(LibraryName)
ONNX_FOLDER = kept_folder("engines")
DESCRIPTION = """
Export an LTX-Video checkpoint, 0.9.5 to 0.9.8, to engines in a Triton model repository.

Writes text_encoder, transformer and vae_decoder (1/model.onnx with 1/model.onnx.data) and
ltx_video/1/{tokenizer,pipeline}.json, after comparing every engine with PyTorch. Weights are
streamed, so both take little memory. Says first what the export takes, before anything is
downloaded, and stops if the machine has less.
With --target tensorrt these files go to a folder of their own, and TensorRT plans (1/model.plan)
for this machine's GPU are built from them into the repository. With --target tensorrt-rtx they are
for GeForce and RTX cards, and built on any machine. What is current is not made again.
An export that fails before it is published leaves the repository as it was.
Options can be given in EXPORT_OPTIONS as well; those of the command line come after them.
"""


def parse(
    arguments: Sequence[str] | None = None, program: str = PROGRAM
) -> tuple[ExportOptions, PlanOptions | None]:
    """Read the command line and the environment (EXPORT_OPTIONS, MODEL_NAME ...).

    Args:
        arguments: of the command line; None: of this process.
        program: its name, for messages.

    Returns:
        What to export, and for TensorRT what to build of it.
    """
    settings = load_settings()
    parser = argparse.ArgumentParser(
        prog=program,
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_sources(parser, settings)
    _add_output(parser)
    _add_settings(parser, settings)
    of_plans = _add_plans(parser)
    try:
        options_before = shlex.split(settings.export_options)
    except ValueError as error:
        parser.error(f"EXPORT_OPTIONS={settings.export_options}: {error}")
    typed = sys.argv[1:] if arguments is None else arguments
    given = parser.parse_args([*options_before, *typed])
    _check(parser, given, of_plans)
    options = _options(given, settings)
    if given.target == ONNX:
        return options, None
    return options, plan_options(given, given.onnx_folder / options.precision, settings)


def main(arguments: Sequence[str] | None = None, program: str = PROGRAM) -> int:
    """Run the command line; return its exit code."""
    options, plans = parse(arguments, program)
    diffusers.logging.set_verbosity_error()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        if plans is None:
            export(options)
        else:
            export_plans(options, plans)
    except (ExportError, JsonFileError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"Exported {options.model} to {options.output}")
    return 0


def _add_sources(parser: argparse.ArgumentParser, settings: Settings) -> None:
    parser.add_argument(
        "--model",
        default=settings.model_name,
        help="folder in diffusers' format, .safetensors file, or on the Hugging Face hub an id or "
        "owner/repo/file.safetensors, downloaded to MODEL_CACHE_DIR "
        "(default: MODEL_NAME, now %(default)s)",
    )
    parser.add_argument(
        "--text-encoder",
        metavar="SOURCE",
        help="T5 from elsewhere, likewise: a folder or hub id with text_encoder/, or a file in "
        f"FP32, FP16, BF16 or FP8 (default: the model's own; for a single file {TEXT_ENCODER})",
    )
    parser.add_argument(
        "--tokenizer",
        metavar="SOURCE",
        help="folder or hub id with tokenizer/ (default: the text encoder's, or else the model's; "
        f"for single files {TOKENIZER})",
    )
    parser.add_argument(
        "--version",
        choices=VERSIONS,
        help="of LTX-Video, which says how to sample (default: what names and metadata say, "
        f"or {DEFAULT.name} for a folder that does not say)",
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output",
        type=Path,
        default=SERVED_REPOSITORY,
        help="root of the model repository; created when missing (default: %(default)s)",
    )
    parser.add_argument(
        "--target",
        choices=[ONNX, *TENSORRT],
        default=ONNX,
        help="onnx for a CPU, tensorrt for this machine's GPU, tensorrt-rtx for GeForce and RTX "
        "cards (default: %(default)s)",
    )
    parser.add_argument(
        "--precision",
        choices=[precision.value for precision in Precision],
        help="of weights and arithmetic; for a CPU fp32, or int8, which is fp32 with most weights "
        "in a quarter of the space; fp8 runs the model on some prompts first, to calibrate it "
        f"(default: for {ONNX} int8 if the transformer has more than {LARGE:.0e} parameters, else "
        "fp32; otherwise bf16)",
    )


def _add_settings(parser: argparse.ArgumentParser, settings: Settings) -> None:
    parser.add_argument(
        "--name", help="model name shown to users (default: the hub id or the folder's name)"
    )
    parser.add_argument(
        "--num-inference-steps",
        type=int,
        help="denoising steps of a request that does not say (default: the version's)",
    )
    parser.add_argument(
        "--decode-timestep",
        type=_fraction,
        help="timestep of the decoder, 0 to 1, fixed in its graph "
        f"(default: {DEFAULT.decode_timestep})",
    )
    parser.add_argument(
        "--decode-noise-scale",
        type=_fraction,
        help="share of noise mixed into the latents before decoding, 0 to 1, fixed in the "
        f"decoder's graph (default: {DEFAULT.decode_noise_scale})",
    )
    parser.add_argument(
        "--skip-verification",
        dest="verification",
        action="store_false",
        default=not settings.skip_verification,
        help="neither compare the engines with PyTorch nor measure their memory, as with "
        "SKIP_VERIFICATION=1: for a machine with too little memory or time; --text-encoder-device "
        "cpu measures that engine all the same",
    )


def _add_plans(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    tensorrt = parser.add_argument_group(f"with --target {' or '.join(TENSORRT)}")
    onnx_folder = tensorrt.add_argument(
        "--onnx-folder",
        type=Path,
        default=ONNX_FOLDER,
        help="where the ONNX engines are kept, in a folder for each precision "
        "(default: %(default)s)",
    )
    return [onnx_folder, *add_arguments(tensorrt.add_argument)]


def _check(
    parser: argparse.ArgumentParser, given: argparse.Namespace, of_plans: Sequence[argparse.Action]
) -> None:
    """End the program if the options do not go together."""
    if given.text_encoder in ("cpu", "gpu"):
        parser.error(
            f"--text-encoder {given.text_encoder}: that is --text-encoder-device "
            "(TEXT_ENCODER_DEVICE=) now"
        )
    for action in of_plans:
        if given.target == ONNX and vars(given)[action.dest] != action.default:
            parser.error(f"{action.option_strings[0]} needs --target {' or '.join(TENSORRT)}")
    if given.target != ONNX and given.precision == Precision.INT8:
        others = ", ".join(each for each in Precision if each is not Precision.INT8)
        parser.error(
            f"--precision {given.precision} is for CPUs, --target {ONNX}; "
            f"allowed for {given.target}: {others}"
        )


def _options(given: argparse.Namespace, settings: Settings) -> ExportOptions:
    default = Precision.FP32 if given.target == ONNX else Precision.BF16
    left_open = given.target == ONNX and given.precision is None
    return ExportOptions(
        model=given.model,
        output=given.output,
        cache_dir=settings.model_cache_dir,
        text_encoder=given.text_encoder,
        tokenizer=given.tokenizer,
        checkpoint_version=given.version,
        precision=Precision(given.precision or default),
        precision_if_large=Precision.INT8 if left_open else None,
        name=given.name,
        num_inference_steps=given.num_inference_steps,
        decode_timestep=given.decode_timestep,
        decode_noise_scale=given.decode_noise_scale,
        verification=given.verification,
    )


def _fraction(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


if __name__ == "__main__":
    sys.exit(main())
