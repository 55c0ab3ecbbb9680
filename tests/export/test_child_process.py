import os
import signal

import pytest

from export.child_process import in_child
from export.errors import ExportError


def fail(message: str) -> None:
    raise ExportError(message)


def kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_the_result_comes_from_another_process() -> None:
    assert in_child("", os.getpid) != os.getpid()


def test_an_error_arrives_as_it_was_raised() -> None:
    with pytest.raises(ExportError, match=r"^no such layer$"):
        in_child("died", fail, "no such layer")


def test_the_death_of_the_process_is_an_error_in_words() -> None:
    with pytest.raises(ExportError, match=r"^memory ran out$"):
        in_child("memory ran out", kill_itself)
