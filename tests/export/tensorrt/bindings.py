"""The real Python bindings of TensorRT without its libraries, which need not be there to ask
what classes, methods and constants a version has.

The bindings are linked against the libraries: empty ones with the same names let them load.
"""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# Functions that the bindings look up in the libraries.
SYMBOLS = (
    "createInferBuilder_INTERNAL",
    "createInferRefitter_INTERNAL",
    "createInferRuntime_INTERNAL",
    "createNvOnnxParser_INTERNAL",
    "createNvOnnxParserRefitter_INTERNAL",
    "getBuilderPluginRegistry",
    "getNvOnnxParserVersion",
    "getPluginRegistry",
    "initLibNvInferPlugins",
    # of 8.6 only
    "_ZN11nvuffparser15createUffParserEv",
    "_ZN11nvuffparser8FieldMapC1EPKcPKvNS_9FieldTypeEi",
    "_ZN14nvcaffeparser117createCaffeParserEv",
    "_ZN14nvcaffeparser123shutdownProtobufLibraryEv",
)
GCC = shutil.which("gcc") or "gcc"
LIBRARIES = ("nvinfer", "nvonnxparser", "nvinfer_plugin", "nvparsers")


@dataclass(frozen=True)
class Bindings:
    """One version, unpacked; its module is called `tensorrt`."""

    version: int  # 8, 10, 11, or 1: TensorRT-RTX
    folder: Path

    def run_with_library(self, program: str) -> Any:
        """Run a program that uses `library` and `json`, and prints JSON."""
        name = "tensorrt-rtx" if self.version == RTX else "tensorrt"
        load = "from ltx_triton.engines.tensorrt.library import load_tensorrt"
        return self.run(f"import json\n{load}\nlibrary = load_tensorrt({name!r})\n{program}")

    def run(self, program: str) -> Any:
        """Run a program that prints JSON in a process that can `import tensorrt`."""
        finished = subprocess.run(
            [sys.executable, "-c", program],
            env={
                "PYTHONPATH": f"{self.folder}:{Path(__file__).parents[3]}",
                "LD_LIBRARY_PATH": str(self.folder),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return json.loads(finished.stdout)


RTX = 1
# Major version -> what pip installs. TensorRT-RTX is installed already.
PACKAGES = {
    8: "tensorrt-bindings==8.6.1",
    10: "tensorrt-cu13-bindings==10.16.1.11",
    11: "tensorrt-cu13-bindings==11.4.0.106",
}


def install(version: int, folder: Path) -> Bindings:
    """Download the bindings into `folder`; skip the test where they cannot be had."""
    if version == RTX:
        _write_module(folder, "tensorrt_rtx_bindings")
        return Bindings(version, folder)
    if version == 8 and sys.version_info >= (3, 12):
        pytest.skip("TensorRT 8.6 has no bindings for Python 3.12")
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--target", str(folder)]
    downloaded = subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, PACKAGES[version]],
        capture_output=True,
        text=True,
        check=False,
    )
    if downloaded.returncode:
        pytest.skip(f"{PACKAGES[version]} cannot be downloaded: {downloaded.stderr[-300:]}")
    source = folder / "stub.c"
    source.write_text("".join(f"void *{symbol}(void) {{ return 0; }}\n" for symbol in SYMBOLS))
    for library in LIBRARIES:
        name = f"lib{library}.so.{version}"
        subprocess.run(
            [GCC, "-shared", "-fPIC", f"-Wl,-soname,{name}", "-o", str(folder / name), str(source)],
            check=True,
        )
    _write_module(folder, "tensorrt_bindings")
    return Bindings(version, folder)


def _write_module(folder: Path, bindings: str) -> None:
    imports = f"from {bindings} import *\nfrom {bindings} import __version__\n"
    (folder / "tensorrt.py").write_text(imports)
