"""Command line of the plan builder: `python -m export.tensorrt`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from export.errors import ExportError
from export.tensorrt.build import PlanOptions, build_plans
from export.tensorrt.sizes import DEFAULT_SIZES, SIZE_NAMES
from ltx_triton.settings import load_settings

DESCRIPTION = """
Build TensorRT plans from an ONNX export, for the GPU and the TensorRT of this machine.

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
        "--sizes",
        type=lambda text: tuple(text.split(",")),
        default=DEFAULT_SIZES,
        help=f"video sizes to optimise for, of {', '.join(SIZE_NAMES)}; larger ones than the "
        f"largest named are refused when serving (default: {','.join(DEFAULT_SIZES)})",
    )
    parser.add_argument(
        "--optimization-level",
        type=int,
        choices=range(6),
        default=PlanOptions.optimization_level,
        help="how long TensorRT may search, 0 to 5 (default: %(default)s)",
    )
    parser.add_argument(
        "--workspace-gib",
        type=_positive,
        default=PlanOptions.workspace_gib,
        metavar="GIB",
        help="most GPU memory for the work of one kernel (default: all there is)",
    )
    parser.add_argument(
        "--weight-streaming",
        action="store_true",
        help="let weights that do not fit into GPU memory stay on the host; TensorRT 10 and later",
    )
    parser.add_argument(
        "--work-folder",
        type=Path,
        default=PlanOptions.work_folder,
        help="where timings and logs are kept (default: tensorrt beside the source)",
    )
    return PlanOptions(settings=settings, **vars(parser.parse_args(arguments)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    options = parse(arguments)
    try:
        build_plans(options)
    except (ExportError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"Built plans of {options.source} in {options.output}")
    return 0


def _positive(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not positive")
    return value


if __name__ == "__main__":
    sys.exit(main())
