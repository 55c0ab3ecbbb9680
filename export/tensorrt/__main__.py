"""Command line of the plan builder: `python -m export.tensorrt`."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

from export.errors import ExportError
from export.tensorrt.arguments import add_arguments, plan_options
from export.tensorrt.build import PlanOptions, build_plans
from ltx_triton.engines.tensorrt.library import LibraryName
from ltx_triton.json_file import JsonFileError
from ltx_triton.settings import load_settings

DESCRIPTION = """
Build TensorRT plans from an ONNX export: for the GPU and the TensorRT of this machine, or with
TensorRT-RTX for GeForce and RTX cards, on any machine.

Writes text_encoder, transformer and vae_decoder (1/model.plan with 1/model.plan.json) and
ltx_video/1/{tokenizer,pipeline}.json. Plans that are current are kept. A build that fails leaves
the repository as it was. Neither torch nor diffusers is needed.
"""


def parse(arguments: Sequence[str] | None = None) -> PlanOptions:
    """Read the command line and the environment (MAX_RESOLUTION, MAX_FRAMES ...)."""
    settings = load_settings()
    parser = argparse.ArgumentParser(
        prog="python -m export.tensorrt",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--source",
        type=Path,
        required=True,
        help="folder of the ONNX export, laid out like a model repository",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=PlanOptions.output,
        help="root of the model repository (default: %(default)s)",
    )
    parser.add_argument(
        "--target",
        choices=get_args(LibraryName),
        default=PlanOptions.library,
        help="library that builds and runs the plans (default: %(default)s)",
    )
    add_arguments(parser.add_argument)
    parser.add_argument(
        "--work-folder",
        type=Path,
        default=PlanOptions.work_folder,
        help="where timings and logs are kept (default: tensorrt beside the source)",
    )
    given = parser.parse_args(arguments)
    return replace(plan_options(given, given.source, settings), work_folder=given.work_folder)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    options = parse(arguments)
    try:
        build_plans(options)
    except (ExportError, JsonFileError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"Built plans of {options.source} in {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
