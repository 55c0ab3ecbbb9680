import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest

from ltx_triton.parent_process import die_with_parent, exit_after_parent

# Starts a child in a thread that ends, and prints its process ID once the child has said that it
# is ready.
_PARENT = """
import subprocess, sys, threading
def start():
    global child
    child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
starter = threading.Thread(target=start)
starter.start()
starter.join()
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""
# Children that never come back to Python, where a handler or a thread could end them.
_BLOCK = """
import ctypes
ctypes.PyDLL(None).pause()  # holds the GIL
"""
_EXITING = f"""
import time
from {exit_after_parent.__module__} import exit_after_parent
exit_after_parent()
time.sleep(1)
print(flush=True)
{_BLOCK}
"""
_LATE = f"""
import os, signal, time
from {die_with_parent.__module__} import die_with_parent
parent = os.getppid()
print(flush=True)
while os.getppid() == parent:
    time.sleep(0.01)
die_with_parent(parent, signal.SIGKILL)
{_BLOCK}
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
    [_EXITING, _LATE],
    ids=["in time", "too late"],
    indirect=True,
)
def test_a_child_ends_with_a_parent_that_is_killed(parent: "subprocess.Popen[str]") -> None:
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    assert child.is_running()

    parent.kill()
    parent.wait()

    try:
        child.wait(timeout=30)
    finally:
        with suppress(psutil.NoSuchProcess):
            child.kill()
