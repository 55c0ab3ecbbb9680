"""Locate the parts of the bundled tritonserver: binary, Python stub, libpython, libraries."""

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

from ltx_triton.launcher.ownership import OwnedFolder

_PACKAGE = Path(__file__).resolve().parents[1]
_OPEN_FILES = 256
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._+-]+")


class MissingDependencyError(RuntimeError):
    """The local server cannot run here; the message says what is missing and how to get it."""


@dataclass(frozen=True)
class TritonWheel:
    """The parts of the `nvidia-pytriton` wheel for this Python version."""

    server: Path
    backend: Path  # the Python backend without its stub
    stub: Path  # runs the models, in this Python version
    libraries: Path  # shared libraries bundled with the wheel
    libpython: Path

    @classmethod
    def find(cls) -> Self:
        """Locate the parts.

        Raises:
            MissingDependencyError: a part is not installed.
        """
        spec = find_spec("pytriton")
        if spec is None or spec.origin is None:
            raise MissingDependencyError(
                "the package nvidia-pytriton, which holds the tritonserver binary, is not "
                "installed in this Python environment"
            )
        package = Path(spec.origin).parent
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        stubs = package / "tritonserver" / "python_backend_stubs"
        stub = stubs / version / "triton_python_backend_stub"
        if not stub.is_file():
            available = ", ".join(sorted(folder.name for folder in stubs.iterdir()))
            raise MissingDependencyError(
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
        """Link everything that Triton opens by path into `folder`, which must be empty.

        Triton puts the paths of stub and models unquoted into a shell's command line, and the stub
        reads the paths of Python modules as ASCII. The links spare it the path of the clone.
        """
        links = ServerLinks(folder)
        backend = links.backends / "python"
        backend.mkdir(parents=True)
        for part in self.backend.iterdir():
            (backend / part.name).symlink_to(part)
        (backend / self.stub.name).symlink_to(self.stub)
        # The stub also imports from the backend's folder. It would find an editable install of this
        # package through a .pth file, which it cannot read if the path is not ASCII.
        (backend / _PACKAGE.name).symlink_to(_PACKAGE)
        links.models.symlink_to(repository.resolve())
        links.environment.symlink_to(sys.prefix)
        return links

    def environment(self, links: "ServerLinks") -> dict[str, str]:
        """Return the variables with which the stub finds its libraries and this environment.

        The stub ignores PYTHONPATH and PYTHONHOME: libpython locates modules from the first
        `python3` on PATH, which must therefore be this environment's.
        """
        libraries = [str(self.libpython.parent), str(self.libraries)]
        if inherited := os.environ.get("LD_LIBRARY_PATH"):  # may lead to TensorRT's libraries
            libraries.append(inherited)
        programs = [str(links.environment / "bin"), os.environ.get("PATH", "")]
        return {
            "LD_LIBRARY_PATH": os.pathsep.join(libraries),
            "PATH": os.pathsep.join(programs),
        }


@dataclass(frozen=True)
class ServerLinks:
    """Links to everything that Triton opens by path, in a folder whose path needs no quoting."""

    folder: Path

    @property
    def backends(self) -> Path:
        """The wheel's Python backend, with the stub for this Python version."""
        return self.folder / "backends"

    @property
    def models(self) -> Path:
        return self.folder / "models"

    @property
    def environment(self) -> Path:
        return self.folder / "environment"


def make_plain_temporary_folder(prefix: str) -> OwnedFolder:
    """Create a temporary folder whose path needs no quoting and is ASCII.

    Raises:
        MissingDependencyError: no writable folder for temporary files has such a path.
    """
    candidates = (tempfile.gettempdir(), "/tmp", "/var/tmp")  # noqa: S108  made unique below
    for parent in candidates:
        if _PLAIN_PATH.fullmatch(parent) and os.access(parent, os.W_OK | os.X_OK):
            return OwnedFolder(prefix, parent)
    raise MissingDependencyError(
        f"no usable folder for temporary files among {', '.join(candidates)}: Triton needs a "
        "writable one with only ASCII letters and no spaces in its path; set TMPDIR"
    )


def raise_open_files_limit() -> None:
    """Raise the limit of open files, for this process and its children, to the allowed maximum.

    Raises:
        MissingDependencyError: the maximum is below Triton's need, and Triton would hang.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < _OPEN_FILES:
        raise MissingDependencyError(
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
    raise MissingDependencyError(
        f"{soname}, which Triton's Python stub needs, was not found for {sys.executable}; "
        f"use a Python built with --enable-shared, or install its library "
        f"(Debian, Ubuntu: apt install libpython{version})"
    )
