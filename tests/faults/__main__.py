"""Run every scenario and write docs/reliability.md; fail if a job was lost or something leaked."""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from ltx_triton.repository.layout import SERVED_REPOSITORY
from tests.faults import report
from tests.faults.scenarios import SCENARIOS
from tests.faults.tally import run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "--model-repository",
        type=Path,
        default=SERVED_REPOSITORY,
        help="folder with the demo checkpoint's engines (default: %(default)s)",
    )
    repository: Path = parser.parse_args().model_repository
    tallies = [run(scenario, repository) for scenario in tqdm(SCENARIOS, unit="fault")]
    report.save(tallies)
    report.DOCUMENT.write_text(report.text(tallies))
    print(f"Wrote {report.DOCUMENT}")
    if bad := [each.scenario for each in tallies if not each.is_clean]:
        sys.exit(f"not clean: {', '.join(bad)}")


if __name__ == "__main__":
    main()
