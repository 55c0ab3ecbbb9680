"""Be a user who may do little: for a command, or for some lines of a test."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_NOBODY = 65534
_READ_ALL = "-all,+dac_read_search"
# Nobody's rights, but to read the files of whoever runs the tests, wherever they are.
_AS_NOBODY = (
    *("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"),
    *(f"--inh-caps={_READ_ALL}", f"--ambient-caps={_READ_ALL}", f"--bounding-set={_READ_ALL}"),
)


def as_nobody() -> tuple[str, ...]:
    """Return what comes before the command; skip the test where no other user can be taken on."""
    if os.geteuid() != 0 or subprocess.run([*_AS_NOBODY, "true"], check=False).returncode != 0:
        pytest.skip("may not become another user")
    return _AS_NOBODY


@contextmanager
def unprivileged() -> Iterator[None]:
    """Take the rights of root from this process, if it has them."""
    user = os.geteuid()
    if user == 0:
        os.setresuid(_NOBODY, _NOBODY, user)
    try:
        yield
    finally:
        os.setresuid(user, user, user)
