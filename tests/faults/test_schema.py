"""The OpenAPI document, held against the running service by schemathesis."""

import os
import subprocess
import sys
from pathlib import Path

from frontend.local.service import local_service
from tests.faults.schema_hooks import SETTINGS

_ROOT = Path(__file__).parents[2]


def test_no_request_gets_an_answer_that_the_document_does_not_announce(
    demo_repository: Path, tmp_path: Path
) -> None:
    with local_service(demo_repository, **SETTINGS) as service:
        run = subprocess.run(
            [
                Path(sys.executable).with_name("schemathesis"),
                *("run", f"{service.url}/openapi.json"),
                *("--max-examples", "10", "--seed", "1"),
            ],
            cwd=tmp_path,  # where it keeps notes
            env={
                **os.environ,
                "PYTHONPATH": str(_ROOT),
                "SCHEMATHESIS_HOOKS": "tests.faults.schema_hooks",
            },
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 0, run.stdout + run.stderr
