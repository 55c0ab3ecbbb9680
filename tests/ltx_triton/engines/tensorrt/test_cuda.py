import subprocess
import sys

import numpy as np
import pytest
from cuda.bindings import runtime

from ltx_triton.engines.tensorrt.cuda import CudaError, NoGpuError, PinnedMemory, check, find_gpu
from tests.ltx_triton.engines.tensorrt.fake_gpu import FakeCuda

GPU_HERE = runtime.cudaGetDeviceCount()[0] == runtime.cudaError_t.cudaSuccess


@pytest.mark.skipif(GPU_HERE, reason="tests the error without a GPU")
def test_a_missing_gpu_is_reported_with_cudas_error() -> None:
    with pytest.raises(NoGpuError, match="no GPU was found: counting GPUs: cudaError"):
        find_gpu()


@pytest.mark.skipif(not GPU_HERE, reason="needs a GPU")
def test_the_gpu_has_a_name_and_a_capability() -> None:
    gpu = find_gpu()

    assert gpu.name
    assert float(gpu.compute_capability) >= 5


def test_without_cuda_python_the_message_says_how_to_install_it() -> None:
    program = """
import sys
sys.modules["cuda.bindings"] = None
from ltx_triton.engines.tensorrt.cuda import find_gpu
find_gpu()
"""
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert finished.stderr.splitlines()[-1] == (
        "ltx_triton.engines.tensorrt.cuda.NoGpuError: "
        "cuda-python is not installed: pip install 'ltx-triton[gpu]'"
    )


def test_the_error_says_out_of_memory() -> None:
    result = (runtime.cudaError_t.cudaErrorMemoryAllocation, None)

    with pytest.raises(CudaError, match=r"^allocating: cudaErrorMemoryAllocation: out of memory$"):
        check(result, "allocating")


def test_check_returns_the_value_of_a_call_or_none() -> None:
    success = runtime.cudaError_t.cudaSuccess

    assert check((success, 7), "asking") == 7
    assert check((success,), "doing") is None


def test_pinned_memory_is_an_array_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ltx_triton.engines.tensorrt.cuda.cudart", FakeCuda())
    memory = PinnedMemory(24)

    memory.array((2, 3), np.float32)[1, 2] = 5

    assert memory.array((6,), np.float32)[5] == 5
    assert memory.array((0, 3), np.uint8).shape == (0, 3)
