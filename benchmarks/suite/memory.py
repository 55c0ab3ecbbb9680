"""Measure the resident memory of each process of a running service."""

import psutil

_STUB = "triton_python_backend_stub"


def by_process(root: psutil.Process) -> dict[str, float]:
    """Return the resident bytes of the descendants of `root`, by role.

    Shared pages count in every process that maps them.
    """
    sizes: dict[str, float] = {}
    for process in root.children(recursive=True):
        name = _name(process.cmdline())
        if name is not None:
            sizes[name] = sizes.get(name, 0.0) + process.memory_info().rss
    return sizes


def _name(command: list[str]) -> str | None:
    if "tritonserver" in command[0]:
        return "tritonserver"
    if _STUB in command[0]:
        [model] = [part for part in command if "/1/model.py" in part]
        return model.split("/")[-3]
    is_worker = any("multiprocessing.spawn" in part for part in command)
    return "frontend" if command[-2:] == ["-m", "frontend"] or is_worker else None
