"""Prints the version of the TensorRT library that is installed, as in 11.4.0.

Its fourth number, the build, is left out: the images hold builds that were never published as
Python packages. Engines are built by the library, whose build is therefore the server's.
"""

import ctypes
import ctypes.util
import sys


def tensorrt_version() -> str:
    """Major, minor and patch version, asked of the library itself.

    Raises:
        SystemExit: the dynamic linker finds no libnvinfer.
    """
    name = ctypes.util.find_library("nvinfer")
    if name is None:
        raise SystemExit("libnvinfer is not installed: this has to run in the image of Triton")
    library = ctypes.CDLL(name)
    parts = ("Major", "Minor", "Patch")
    return ".".join(str(library[f"getInferLib{part}Version"]()) for part in parts)


if __name__ == "__main__":
    sys.stdout.write(tensorrt_version())
