"""The section on a processor with BF16, whose results have a folder of their own."""

from collections.abc import Sequence
from statistics import median

from benchmarks.report.figures import PEERS, Figures
from benchmarks.report.markdown import table, with_article
from benchmarks.result import BF16_FOLDER, Result
from benchmarks.suite import large, request
from benchmarks.suite.contenders import TOTAL


def compared(results: Sequence[Result]) -> str:
    """Return how many times as long the peers take, for the default and the large request."""
    figures = Figures(each for result in results for each in result.measurements)
    machine = results[0].machine
    rows = [
        [
            PEERS[peer].name,
            str(figures.slowdown(peer)),
            str(figures.frames_slowdown(peer)),
            str(figures.slowdown(peer, large.PART)) if peer in figures.peers(large.PART) else "",
        ]
        for peer in figures.peers()
    ]
    default, largest = (
        median(figures.samples(part, "s", system="service", stage=TOTAL))
        for part in (request.PART, large.PART)
    )
    return (
        f"Measured on {machine.cores} cores of {with_article(machine.processor)} with BF16, which "
        "the service and the peers on OpenVINO use there: the default request takes "
        f"{default:.2f} s, the large one {largest:.1f} s. The faster the engines are, the more "
        "x264, Triton and HTTP weigh. What the peers do differently is the same as above.\n\n"
        + table(["", "time over the service's", "frames over the engines'", "large request"], rows)
        + "\n\n`python -m benchmarks run request large --output benchmarks/results/"
        f"{BF16_FOLDER.name}` on such a machine writes the "
        f"[results](../benchmarks/results/{BF16_FOLDER.name})."
    )
