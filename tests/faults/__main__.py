"""Run every scenario and write docs/reliability.md; fail if a job was lost or something leaked."""

import argparse
import sys

from tqdm import tqdm

from ltx_triton.repository.layout import SERVED_REPOSITORY
from tests.faults import disk, report
from tests.faults.random_kills import SEEDS, run_random_kills
from tests.faults.results import Results
from tests.faults.run import run
from tests.faults.scenarios import SCENARIOS
from tests.faults.soak import run_soak
from tests.faults.tally import Tally
from tests.faults.tiny_disk import run_on_tiny_disk


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--soak-minutes", type=float, default=30, help="(default: %(default)s)")
    minutes = parser.parse_args().soak_minutes
    results = Results(
        _run_scenarios(),
        run_random_kills(SERVED_REPOSITORY, SEEDS),
        run_soak(SERVED_REPOSITORY, minutes),
    )
    results.save()
    report.DOCUMENT.write_text(report.text(results))
    print(f"Wrote {report.DOCUMENT}")
    if unclean := results.unclean():
        sys.exit(f"not clean: {', '.join(unclean)}")


def _run_scenarios() -> list[Tally]:
    tallies = []
    for scenario in tqdm(SCENARIOS, unit="fault"):
        if reason := scenario.missing():
            tqdm.write(f"left out, {reason}: {scenario.name}")
        else:
            tallies.append(run(scenario, SERVED_REPOSITORY))
            tqdm.write(f"{tallies[-1]}")
    if reason := disk.missing():
        tqdm.write(f"left out, {reason}: start on a tiny disk")
    else:
        tallies.append(run_on_tiny_disk(SERVED_REPOSITORY))
    return tallies


if __name__ == "__main__":
    main()
