"""What make would run, without running it."""

import shutil
import subprocess
from pathlib import Path

MAKE = shutil.which("make") or "make"
ROOT = Path(__file__).parents[2]


def planned(*arguments: str) -> list[str]:
    """Lines of a run in which nothing is installed yet."""
    command = [MAKE, "--dry-run", "--no-print-directory", "VENV=not-there", *arguments]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


def test_the_demo_of_a_model_installs_what_exporting_needs() -> None:
    *installed, demo = planned("demo", "MODEL=2b", "YES=1", 'PROMPT=a "cat"; ls')

    assert any("--editable '.[export]'" in line for line in installed)
    # What was typed is in the environment, not in the command.
    assert demo == 'not-there/bin/ltx-video demo --model "$MODEL" --yes -- "$PROMPT"'


def test_the_demo_refuses_a_precision() -> None:
    refused = subprocess.run(
        [MAKE, "--dry-run", "demo", "MODEL=2b", "PRECISION=fp32"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 2
    assert "leave out PRECISION, or give it to make export" in refused.stderr


def test_the_demo_without_a_model_installs_what_serving_needs() -> None:
    *installed, demo = planned("demo")

    assert not any("export" in line for line in installed)
    assert demo == "not-there/bin/ltx-video demo"
