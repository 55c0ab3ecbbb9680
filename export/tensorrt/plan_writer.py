"""Build a plan into a file, piece by piece, not in memory. TensorRT 10 and later."""

from pathlib import Path
from typing import Any, BinaryIO

from export.tensorrt.progress import show_progress
from ltx_triton.engines.tensorrt.library import TensorRt


def build_into(library: TensorRt, builder: Any, network: Any, config: Any, file: Path) -> bool:
    """Show the progress, and return whether TensorRT could build the plan.

    Raises:
        OSError: the file cannot be written.
        KeyboardInterrupt: Ctrl-C has stopped the build.
    """
    monitor = show_progress(library, config)
    with file.open("wb") as opened:
        writer = _plan_writer(library, opened)
        built = builder.build_serialized_network_to_stream(network, config, writer)
    if monitor.interrupted:
        raise KeyboardInterrupt
    if writer.error:
        raise writer.error
    return bool(built)


def _plan_writer(library: TensorRt, file: BinaryIO) -> Any:
    """Make an `IStreamWriter`, whose `error` is the OSError that stopped it, or None."""
    trt = library.trt

    class Writer(trt.IStreamWriter):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            trt.IStreamWriter.__init__(self)
            self.error: OSError | None = None

        def write(self, data: bytes) -> int:
            try:
                return file.write(data)
            except OSError as error:  # must not travel through TensorRT
                self.error = error
                return 0

    return Writer()
