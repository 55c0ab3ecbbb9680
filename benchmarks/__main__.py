"""Measure the service, compare it with what people would use instead, report, guard.

run      measure parts of the suite, or all of it (about 40 minutes on two cores)
report   write docs/performance.md and its plots from what was measured
compare  say what changed between two results by more than the noise
check    a few rounds against diffusers; fails where the service has lost its lead
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import result
from benchmarks.compare import describe
from benchmarks.machine import Machine
from benchmarks.measurement import Measurement
from ltx_triton.pipeline.config import MODEL_REPOSITORY


@dataclass(frozen=True)
class Part:
    """A part of the suite."""

    measure: Callable[[int, Path], Iterator[Measurement]]
    rounds: int


def parts() -> dict[str, Part]:
    """By name, in the order in which they run. They need torch, which `compare` does not."""
    from benchmarks.suite import (
        deployment,
        engines,
        grid,
        request,
        start,
        steps,
        throughput,
        together,
    )

    return {
        request.PART: Part(request.measure, 20),
        throughput.PART: Part(throughput.measure, 4),
        together.PART: Part(together.measure, 8),
        start.PART: Part(start.measure, 5),
        steps.PART: Part(steps.measure, 10),
        grid.PART: Part(grid.measure, 2),
        engines.PART: Part(engines.measure, 5),
        deployment.PART: Part(deployment.measure, 2),
    }


def main() -> None:
    """Run the command line."""
    options = parse()
    try:
        options.command(options)
    except (ValueError, FileNotFoundError) as error:
        sys.exit(f"error: {error}")


def run(options: argparse.Namespace) -> None:
    """Measure; each part is written as soon as it is done."""
    known = parts()
    unknown = set(options.parts) - set(known)
    if unknown:
        raise ValueError(f"no part {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    for name in options.parts or known:
        rounds = options.rounds or known[name].rounds
        measured = list(known[name].measure(rounds, options.model_repository))
        command = f"python -m benchmarks run {name} --rounds {rounds}"
        file = options.output / f"{name}.json"
        result.Result(Machine.here(), command, measured).save(file)
        print(f"Wrote {file}")


def report(options: argparse.Namespace) -> None:
    """Write the report."""
    from benchmarks.report.markdown import DOCUMENT, write

    write(result.load_all(options.results))
    print(f"Wrote {DOCUMENT}")


def compare(options: argparse.Namespace) -> None:
    """Print the changes."""
    print(describe(result.load_all(options.before), result.load_all(options.after)))


def check(options: argparse.Namespace) -> None:
    """Fail where a ratio is worse than it may be."""
    from benchmarks.check import check as failures

    lost = failures(options.model_repository)
    if lost:
        sys.exit("\n".join(lost))


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    running = commands.add_parser("run", help="measure")
    running.add_argument(
        "parts",
        nargs="*",
        metavar="PART",
        help="request, throughput, together, start, steps, grid, engines, deployment "
        "(default: all)",
    )
    running.add_argument("--rounds", type=_count, help="how often (default: each part's own)")
    running.add_argument(
        "--output", type=Path, default=result.FOLDER, help="folder (default: %(default)s)"
    )
    _take_repository(running)
    running.set_defaults(command=run)

    reporting = commands.add_parser("report", help="write docs/performance.md")
    reporting.add_argument(
        "--results", type=Path, default=result.FOLDER, help="folder (default: %(default)s)"
    )
    reporting.set_defaults(command=report)

    comparing = commands.add_parser("compare", help="compare two results")
    comparing.add_argument("before", type=Path, metavar="A", help="file or folder of `run`")
    comparing.add_argument("after", type=Path, metavar="B", help="file or folder of `run`")
    comparing.set_defaults(command=compare)

    checking = commands.add_parser("check", help="guard the lead on diffusers, in two minutes")
    _take_repository(checking)
    checking.set_defaults(command=check)
    return parser.parse_args(arguments)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of rounds; allowed: 1 or more")
    return int(text)


def _take_repository(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--model-repository",
        type=Path,
        default=MODEL_REPOSITORY,
        help="folder with the demo checkpoint's engines (default: %(default)s)",
    )


if __name__ == "__main__":
    main()
