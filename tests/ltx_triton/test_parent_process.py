import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from ltx_triton.parent_process import die_with_parent, exit_after_parent

# Prints the child's process ID once the child has said that it runs.
_PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""
# Each blocks for ever, in a call that no signal's Python handler would end.
_DYING = f"""
import os, threading
from {die_with_parent.__module__} import die_with_parent
die_with_parent(os.getppid())
print(flush=True)
lock = threading.Lock(); lock.acquire(); lock.acquire()
"""
_LATE = f"""
import os, threading, time
from {die_with_parent.__module__} import die_with_parent
parent = os.getppid()
print(flush=True)
while os.getppid() == parent:
    time.sleep(0.01)
die_with_parent(parent)
lock = threading.Lock(); lock.acquire(); lock.acquire()
"""
_EXITING = f"""
import threading
from {exit_after_parent.__module__} import exit_after_parent
exit_after_parent()
print(flush=True)
lock = threading.Lock(); lock.acquire(); lock.acquire()
"""


@pytest.fixture
def parent(request: pytest.FixtureRequest) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, request.param], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    "parent",
    [_DYING, _LATE, _EXITING],
    ids=["die with parent", "die with parent, too late", "exit after parent"],
    indirect=True,
)
def test_a_child_ends_with_a_parent_that_is_killed(parent: "subprocess.Popen[str]") -> None:
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    assert child.is_running()

    parent.kill()
    parent.wait()

    child.wait(timeout=5)
