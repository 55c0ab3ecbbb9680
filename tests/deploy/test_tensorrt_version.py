"""deploy/tensorrt_version.py with a library that says what TensorRT says of itself."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.stack import DEPLOY

COMPILER = shutil.which("cc")
LIBRARY = """
int getInferLibMajorVersion(void) { return 11; }
int getInferLibMinorVersion(void) { return 4; }
int getInferLibPatchVersion(void) { return 0; }
"""


def run(libraries: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, DEPLOY / "tensorrt_version.py"],
        env=os.environ | {"LD_LIBRARY_PATH": str(libraries)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(COMPILER is None, reason="no C compiler is installed")
def test_the_library_tells_its_version(tmp_path: Path) -> None:
    (tmp_path / "library.c").write_text(LIBRARY)
    name = "libnvinfer.so.11"
    command = [str(COMPILER), "-shared", "-fPIC", f"-Wl,-soname,{name}", "-o", name, "library.c"]
    subprocess.run(command, cwd=tmp_path, check=True)
    (tmp_path / "libnvinfer.so").symlink_to(name)

    assert run(tmp_path).stdout == "11.4.0"


def test_without_the_library_it_says_what_is_missing(tmp_path: Path) -> None:
    finished = run(tmp_path)

    assert finished.returncode == 1
    assert "libnvinfer is not installed" in finished.stderr
