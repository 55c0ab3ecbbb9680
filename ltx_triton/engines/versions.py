"""Versions of the libraries that run the engines."""

from importlib.metadata import PackageNotFoundError, version

_LIBRARIES = ("numpy", "onnxruntime", "openvino", "tensorrt", "tensorrt-rtx", "tokenizers")


def library_versions() -> dict[str, str]:
    """Map the installed libraries to their versions."""
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
