import subprocess
import sys

from benchmarks.memory import watch

MEGABYTE = 2**20
HOLD = "import time; held = bytearray(b'x' * 2**28); time.sleep(0.5)"


def hold_in_a_child() -> None:
    subprocess.run([sys.executable, "-c", HOLD], check=True)


def test_memory_of_children_counts() -> None:
    usage = watch(hold_in_a_child)
    assert usage.peak_anonymous_bytes > 256 * MEGABYTE
    assert usage.seconds > 0.5
