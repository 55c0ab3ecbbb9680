"""Run a command as a user who may write nothing."""

import os
import subprocess

import pytest

_READ_ALL = "-all,+dac_read_search"
# Nobody's rights, but to read the files of whoever runs the tests, wherever they are.
_AS_NOBODY = (
    *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
    *(f"--inh-caps={_READ_ALL}", f"--ambient-caps={_READ_ALL}", f"--bounding-set={_READ_ALL}"),
)


def as_nobody() -> tuple[str, ...]:
    """Return what comes before the command; skip the test where no other user can be taken on."""
    if os.geteuid() != 0 or subprocess.run([*_AS_NOBODY, "true"], check=False).returncode != 0:
        pytest.skip("may not become another user")
    return _AS_NOBODY
