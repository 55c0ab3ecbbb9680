"""Finds what the bundled tritonserver needs: its binary, a Python stub, libpython, libraries."""

import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from find_libpython import find_libpython


class MissingPieceError(RuntimeError):
    """Something that the local server needs is not installed; says what and how to get it."""


@dataclass(frozen=True)
class TritonWheel:
    """The parts of the `nvidia-pytriton` wheel, for the interpreter that runs this."""

    server: Path
    backend: Path  # the Python backend without its stub
    stub: Path  # runs the models, in this interpreter's version
    libraries: Path  # shared libraries bundled with the wheel
    libpython: Path

    @classmethod
    def find(cls) -> Self:
        """Locate everything.

        Raises:
            MissingPieceError: a part is not installed.
        """
        spec = find_spec("pytriton")
        if spec is None or spec.origin is None:
            raise MissingPieceError(
                "the package nvidia-pytriton, which holds the tritonserver binary, is not "
                "installed in this Python environment"
            )
        package = Path(spec.origin).parent
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        stubs = package / "tritonserver" / "python_backend_stubs"
        stub = stubs / version / "triton_python_backend_stub"
        if not stub.is_file():
            available = ", ".join(sorted(folder.name for folder in stubs.iterdir()))
            raise MissingPieceError(
                f"nvidia-pytriton has no Python stub for Python {version}; it has: {available}"
            )
        return cls(
            server=package / "tritonserver" / "bin" / "tritonserver",
            backend=package / "tritonserver" / "backends" / "python",
            stub=stub,
            libraries=package.parent / "nvidia_pytriton.libs",
            libpython=_libpython(version),
        )

    def backend_directory(self, scratch: Path) -> Path:
        """A backends directory in `scratch`: the wheel's Python backend with the right stub."""
        folder = scratch / "backends" / "python"
        if not folder.is_dir():
            folder.mkdir(parents=True)
            for part in self.backend.iterdir():
                (folder / part.name).symlink_to(part)
            (folder / self.stub.name).symlink_to(self.stub)
        return folder.parent

    def environment(self) -> dict[str, str]:
        """Variables that make the stub find its shared libraries and this environment's modules.

        The stub ignores PYTHONPATH and PYTHONHOME: libpython finds its modules from the first
        `python3` on PATH, which must therefore be this environment's.
        """
        libraries = [str(self.libpython.parent), str(self.libraries)]
        if given := os.environ.get("LD_LIBRARY_PATH"):  # where TensorRT's libraries may be
            libraries.append(given)
        programs = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
        return {
            "LD_LIBRARY_PATH": os.pathsep.join(libraries),
            "PATH": os.pathsep.join(programs),
        }


def _libpython(version: str) -> Path:
    soname = f"libpython{version}.so.1.0"
    found = find_libpython()
    candidates = [Path(found)] if found else []
    candidates.append(Path(sys.base_prefix) / "lib" / soname)
    for candidate in candidates:
        library = candidate.with_name(soname)
        if library.is_file():
            return library
    raise MissingPieceError(
        f"{soname}, which Triton's Python stub needs, was not found for {sys.executable}; "
        f"use a Python built with --enable-shared, or install its library "
        f"(Debian, Ubuntu: apt install libpython{version})"
    )
