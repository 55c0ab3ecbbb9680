"""Run every scenario and write docs/reliability.md; fail if a job was lost or something leaked."""

import argparse
import sys

from tqdm import tqdm

from ltx_triton.repository.layout import SERVED_REPOSITORY
from tests.faults import report
from tests.faults.scenarios import SCENARIOS
from tests.faults.tally import run


def main() -> None:
    argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__).parse_args()
    tallies = [run(scenario, SERVED_REPOSITORY) for scenario in tqdm(SCENARIOS, unit="fault")]
    report.save(tallies)
    report.DOCUMENT.write_text(report.text(tallies))
    print(f"Wrote {report.DOCUMENT}")
    if bad := [each.scenario for each in tallies if not each.is_clean]:
        sys.exit(f"not clean: {', '.join(bad)}")


if __name__ == "__main__":
    main()
