"""Print the version of the installed TensorRT library, such as 11.4.0.

Omits the fourth number, the build: the images contain builds never published as Python packages.
The library itself builds the engines, so their build matches the server's all the same.
"""

import ctypes
import ctypes.util
import sys


def tensorrt_version() -> str:
    """Return the major, minor and patch version that the library reports.

    Raises:
        SystemExit: the dynamic linker finds no libnvinfer.
    """
    name = ctypes.util.find_library("nvinfer")
    if name is None:
        raise SystemExit("libnvinfer is not installed: run this in Triton's image")
    library = ctypes.CDLL(name)
    parts = ("Major", "Minor", "Patch")
    return ".".join(str(library[f"getInferLib{part}Version"]()) for part in parts)


if __name__ == "__main__":
    sys.stdout.write(tensorrt_version())
