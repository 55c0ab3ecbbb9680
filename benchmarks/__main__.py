"""Measure the service and its alternatives, compare results, write the report.

run      measure parts of the suite, or all of it (an hour or two on two cores)
report   write docs/performance.md, its plots, docs/engines.md, docs/sizing.md and two tables of
         README.md from the results
compare  list the changes between two results that exceed the noise
check    run a few rounds against diffusers; fail if the service has lost its lead
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
from ltx_triton.json_file import JsonFileError
from ltx_triton.repository.layout import SERVED_REPOSITORY


@dataclass(frozen=True)
class Part:
    measure: Callable[[int, Path], Iterator[Measurement]]
    rounds: int


def parts() -> dict[str, Part]:
    # Imports are lazy: they need torch, and `compare` does not.
    from benchmarks.suite import (
        deployment,
        encoding,
        engines,
        grid,
        install,
        large,
        quotes,
        rectangles,
        request,
        sizing,
        start,
        steps,
        text_projections,
        throughput,
        together,
    )

    return {
        request.PART: Part(request.measure, 12),
        large.PART: Part(large.measure, 2),
        rectangles.PART: Part(rectangles.measure, 4),
        encoding.PART: Part(encoding.measure, 8),
        throughput.PART: Part(throughput.measure, 4),
        together.PART: Part(together.measure, 8),
        quotes.PART: Part(quotes.measure, 6),
        sizing.PART: Part(sizing.measure, 2),
        start.PART: Part(start.measure, 5),
        install.PART: Part(install.measure, 3),
        steps.PART: Part(steps.measure, 10),
        grid.PART: Part(grid.measure, 2),
        engines.PART: Part(engines.measure, 5),
        text_projections.PART: Part(text_projections.measure, 30),
        deployment.PART: Part(deployment.measure, 2),
    }


def main() -> None:
    options = parse()
    try:
        options.command(options)
    except (ValueError, FileNotFoundError, JsonFileError) as error:
        sys.exit(f"error: {error}")


def run(options: argparse.Namespace) -> None:
    known = parts()
    unknown = set(options.parts) - set(known)
    if unknown:
        raise ValueError(
            f"unknown part {', '.join(sorted(unknown))}; choose from {', '.join(known)}"
        )
    for name in options.parts or known:
        rounds = options.rounds or known[name].rounds
        measured = list(known[name].measure(rounds, options.model_repository))
        command = f"python -m benchmarks run {name} --rounds {rounds}"
        file = options.output / f"{name}.json"
        result.Result(Machine.here(), command, measured).save(file)
        print(f"Wrote {file}")


def report(options: argparse.Namespace) -> None:
    from benchmarks.report import document, engines, readme, real_size, sizing

    results = result.load_all(options.results)
    for page in (document, engines, sizing, readme):
        page.write(results)
        print(f"Wrote {page.DOCUMENT}")
    real_size.write(result.load_all(result.REAL_SIZE_FOLDER))
    print(f"Wrote {real_size.DOCUMENT} and {real_size.RECORD}")


def compare(options: argparse.Namespace) -> None:
    print(describe(result.load_all(options.before), result.load_all(options.after)))


def check(options: argparse.Namespace) -> None:
    from benchmarks.check import failures

    found = failures(options.model_repository)
    if found:
        sys.exit("\n".join(found))


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
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
        help="request, large, rectangles, encoding, throughput, together, quotes, sizing, "
        "start, install, steps, grid, engines, text_projections, deployment (default: all)",
    )
    running.add_argument(
        "--rounds", type=_count, help="number of rounds (default: depends on the part)"
    )
    running.add_argument(
        "--output", type=Path, default=result.FOLDER, help="folder (default: %(default)s)"
    )
    _add_repository(running)
    running.set_defaults(command=run)

    reporting = commands.add_parser("report", help="write the documents")
    reporting.add_argument(
        "--results", type=Path, default=result.FOLDER, help="folder (default: %(default)s)"
    )
    reporting.set_defaults(command=report)

    comparing = commands.add_parser("compare", help="compare two results")
    comparing.add_argument("before", type=Path, metavar="A", help="file or folder of `run`")
    comparing.add_argument("after", type=Path, metavar="B", help="file or folder of `run`")
    comparing.set_defaults(command=compare)

    checking = commands.add_parser("check", help="check the lead over diffusers, in 90 seconds")
    _add_repository(checking)
    checking.set_defaults(command=check)
    return parser.parse_args(arguments)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of rounds; must be 1 or more")
    return int(text)


def _add_repository(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--model-repository",
        type=Path,
        default=SERVED_REPOSITORY,
        help="folder with the demo checkpoint's engines (default: %(default)s)",
    )


if __name__ == "__main__":
    main()
