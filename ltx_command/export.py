"""`ltx-video export`: make engines of a checkpoint."""

from collections.abc import Callable, Sequence

import click

EXTRA_MODULES = (
    *("accelerate", "diffusers", "httpx2", "huggingface_hub", "ml_dtypes", "onnx", "onnx_ir"),
    *("onnxruntime", "onnxscript", "safetensors", "sentencepiece", "torch", "transformers"),
)
PROGRAM = "ltx-video export"
_MISSING = "exporting needs {}, which is not installed: pip install 'ltx-triton[export]'"


@click.command(
    "export",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Export a checkpoint to engines: `ltx-video export --help`."""
    raise SystemExit(load_exporter()(arguments))


def load_exporter() -> Callable[[Sequence[str]], int]:
    """Import the exporter, which takes seconds.

    Returns:
        A function from its arguments to its exit code.

    Raises:
        ClickException: the extra that it needs is not installed.
    """
    try:
        from export.__main__ import main
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRA_MODULES:
            raise
        raise click.ClickException(_MISSING.format(error.name)) from error
    return lambda arguments: main(arguments, PROGRAM)
