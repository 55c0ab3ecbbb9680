"""The memory that measuring an engine takes."""

from export.room import Memory

# What `benchmarks.export_memory` has measured, rounded up.
MEASURING_BYTES = 1.2e9  # of any engine
MEASURING_SHARE = 1.1  # of its weights as the graph has them, besides


def measuring_need(what: str, weights: float, remedy: str) -> Memory:
    """Return the need of `measure_memory`.

    Args:
        what: is measured.
        weights: their bytes in the graph.
        remedy: what to do if there is less memory.
    """
    return Memory(f"measure {what}", MEASURING_BYTES + MEASURING_SHARE * weights, remedy)
