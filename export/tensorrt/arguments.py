"""Options shared by the command lines that build plans."""

from argparse import Action, ArgumentTypeError, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from export.tensorrt.build import PlanOptions, TextEncoderDevice
from export.tensorrt.sizes import DEFAULT_SIZES, SIZE_NAMES
from ltx_triton.settings import Settings


def plan_options(given: Namespace, source: Path, settings: Settings) -> PlanOptions:
    """Read the options that `add_arguments` has added, and `target` and `output` beside them."""
    return PlanOptions(
        source=source,
        settings=settings,
        library=given.target,
        output=given.output,
        text_encoder_device=given.text_encoder_device,
        sizes=given.sizes,
        optimization_level=given.optimization_level,
        workspace_gib=given.workspace_gib,
        weight_streaming=given.weight_streaming,
    )


def add_arguments(add_argument: Callable[..., Action]) -> list[Action]:
    """Add the options of a build, named like the fields of `PlanOptions`."""
    sizes = add_argument(
        "--sizes",
        type=lambda text: tuple(text.split(",")),
        default=DEFAULT_SIZES,
        help=f"video sizes to optimise for, of {', '.join(SIZE_NAMES)}; larger ones than the "
        f"largest named are refused when serving (default: {','.join(DEFAULT_SIZES)})",
    )
    optimization_level = add_argument(
        "--optimization-level",
        type=int,
        choices=range(6),
        default=PlanOptions.optimization_level,
        help="how long TensorRT may search, 0 to 5 (default: %(default)s)",
    )
    workspace_gib = add_argument(
        "--workspace-gib",
        type=_positive,
        default=PlanOptions.workspace_gib,
        metavar="GIB",
        help="most GPU memory for the work of one kernel (default: all there is)",
    )
    weight_streaming = add_argument(
        "--weight-streaming",
        action="store_true",
        help="let weights that do not fit into GPU memory stay on the host; TensorRT 10 and later",
    )
    text_encoder_device = add_argument(
        "--text-encoder-device",
        choices=get_args(TextEncoderDevice),
        default=PlanOptions.text_encoder_device,
        help="cpu leaves the GPU's memory to the other two: no plan is built of the text encoder, "
        "which runs in OpenVINO (default: %(default)s)",
    )
    return [text_encoder_device, sizes, optimization_level, workspace_gib, weight_streaming]


def _positive(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise ArgumentTypeError(f"{text} is not positive")
    return value
