"""Finds what the bundled tritonserver needs: its binary, a Python stub, libpython, libraries."""

import os
import re
import resource
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from find_libpython import find_libpython

_PACKAGE = Path(__file__).resolve().parents[1]
_OPEN_FILES = 256
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._+-]+")


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

    def link_into(self, folder: Path, repository: Path) -> "ServerLinks":
        """Link everything that Triton reaches by path into `folder`, an empty folder.

        Triton puts the paths of stub and models unquoted into a shell's command line, and the stub
        reads the paths of Python's modules as ASCII. A clone may lie anywhere; these links do not.
        """
        links = ServerLinks(folder)
        backend = links.backends / "python"
        backend.mkdir(parents=True)
        for part in self.backend.iterdir():
            (backend / part.name).symlink_to(part)
        (backend / self.stub.name).symlink_to(self.stub)
        # The stub imports from the backend's folder: an editable install names this package in a
        # .pth file, which the stub cannot read where the path has letters beyond ASCII.
        (backend / _PACKAGE.name).symlink_to(_PACKAGE)
        links.models.symlink_to(repository.resolve())
        links.environment.symlink_to(sys.prefix)
        return links

    def environment(self, links: "ServerLinks") -> dict[str, str]:
        """Variables that make the stub find its shared libraries and this environment's modules.

        The stub ignores PYTHONPATH and PYTHONHOME: libpython finds its modules from the first
        `python3` on PATH, which must therefore be this environment's.
        """
        libraries = [str(self.libpython.parent), str(self.libraries)]
        if given := os.environ.get("LD_LIBRARY_PATH"):  # where TensorRT's libraries may be
            libraries.append(given)
        programs = [str(links.environment / "bin"), os.environ.get("PATH", "")]
        return {
            "LD_LIBRARY_PATH": os.pathsep.join(libraries),
            "PATH": os.pathsep.join(programs),
        }


@dataclass(frozen=True)
class ServerLinks:
    """Links to what Triton reaches by path, in a folder whose own path needs no quoting."""

    folder: Path

    @property
    def backends(self) -> Path:
        """The wheel's Python backend, with the stub of this interpreter's version."""
        return self.folder / "backends"

    @property
    def models(self) -> Path:
        """The model repository."""
        return self.folder / "models"

    @property
    def environment(self) -> Path:
        """The Python environment that runs this."""
        return self.folder / "environment"


def make_plain_folder(prefix: str) -> "tempfile.TemporaryDirectory[str]":
    """Create a temporary folder whose path Triton can be given.

    Raises:
        MissingPieceError: no folder for temporary files has such a path.
    """
    candidates = (tempfile.gettempdir(), "/tmp", "/var/tmp")  # noqa: S108  made unique below
    for parent in candidates:
        if _PLAIN_PATH.fullmatch(parent) and os.access(parent, os.W_OK | os.X_OK):
            return tempfile.TemporaryDirectory(prefix=prefix, dir=parent)
    raise MissingPieceError(
        f"no folder for temporary files can be used, of {', '.join(candidates)}: Triton needs a "
        "writable one with no space and only ASCII letters in its path; set TMPDIR"
    )


def raise_open_files_limit() -> None:
    """Let this process and its children open as many files as the system allows them.

    Raises:
        MissingPieceError: that is fewer than Triton needs, which would then wait for ever.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < _OPEN_FILES:
        raise MissingPieceError(
            f"this process may open {hard} files, Triton needs {_OPEN_FILES}: raise the limit "
            f"(ulimit -n {_OPEN_FILES})"
        )
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


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
