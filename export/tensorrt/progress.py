"""Show the progress of a build, as TensorRT reports it."""

from typing import Any

from tqdm import tqdm

from ltx_triton.engines.tensorrt.library import TensorRt


def show_progress(library: TensorRt, config: Any) -> Any:
    """Show a bar for each phase of the build that `config` is for. TensorRT 10 and later.

    Returns:
        An `IProgressMonitor`, to be kept while the build lasts; its `interrupted` turns true when
        Ctrl-C has stopped the build.
    """
    monitor = progress_monitor(library)
    config.progress_monitor = monitor
    return monitor


def progress_monitor(library: TensorRt) -> Any:
    """An `IProgressMonitor` that draws."""
    trt = library.trt

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)
            self.interrupted = False
            self._bars: dict[str, tqdm[Any]] = {}

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            level = 1 + (parent_phase in self._bars)
            self._bars[phase_name] = tqdm(
                total=num_steps, desc="  " * level + phase_name, leave=False, disable=None
            )

        def step_complete(self, phase_name: str, step: int) -> bool:
            try:
                bar = self._bars.get(phase_name)
                if bar is not None:
                    bar.update(step + 1 - bar.n)
            except KeyboardInterrupt:  # must not travel through TensorRT
                self.interrupted = True
            return not self.interrupted

        def phase_finish(self, phase_name: str) -> None:
            bar = self._bars.pop(phase_name, None)
            if bar is not None:
                bar.close()

    return Monitor()
