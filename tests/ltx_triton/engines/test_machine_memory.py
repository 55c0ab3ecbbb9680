import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from ltx_triton.contract import ENGINES, TEXT_ENCODER
from ltx_triton.engines import machine_memory
from ltx_triton.engines.cpu_runtime import CpuRuntime
from ltx_triton.engines.device import Device
from ltx_triton.engines.machine_memory import (
    available_to_cpu,
    left_bytes,
    read_memory_use,
    runtime_warning,
)
from ltx_triton.engines.memory_use import CpuMemory, GpuMemory, MemoryAt
from ltx_triton.repository.layout import version_folder

CPU = Device("cpu", "A CPU")
GPU = Device("cuda", "A GPU", 24 * 2**30)
GB = 10**9
SIZES = (MemoryAt(tokens=1, first_bytes=2, further_bytes=3, output_bytes=4),)


def write(folder: Path, files: Mapping[str, str]) -> None:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)


@pytest.fixture
def membership(tmp_path: Path) -> Path:
    return tmp_path / "cgroup"


def test_a_limit_of_cgroup_2_counts_without_what_the_kernel_can_drop(
    tmp_path: Path, membership: Path
) -> None:
    membership.write_text("0::/video/service\n")
    root = tmp_path / "fs"
    write(root / "video/service", {"memory.max": "max\n"})
    (root / "video/memory.max").write_text("1000\n")
    (root / "video/memory.current").write_text("600\n")
    (root / "video/memory.stat").write_text("anon 400\ninactive_file 150\n")

    assert left_bytes(root, membership) == 1000 - 600 + 150


def test_a_limit_of_cgroup_1_counts(tmp_path: Path, membership: Path) -> None:
    membership.write_text("5:cpu,cpuacct:/\n4:memory:/video\n")
    root = tmp_path / "fs"
    limits = {
        "memory.limit_in_bytes": "500",
        "memory.usage_in_bytes": "450",
        "memory.stat": "total_inactive_file 20\n",
    }
    write(root / "memory/video", limits)

    assert left_bytes(root, membership) == 500 - 450 + 20


def test_inside_a_container_its_own_limit_is_at_the_root(tmp_path: Path, membership: Path) -> None:
    membership.write_text("0::/docker/1234\n")
    limits = {"memory.max": "800", "memory.current": "300", "memory.stat": "inactive_file 0\n"}
    write(tmp_path / "fs", limits)

    assert left_bytes(tmp_path / "fs", membership) == 500


def test_without_limits_the_machine_counts(tmp_path: Path, membership: Path) -> None:
    membership.write_text("0::/\n")

    left = left_bytes(tmp_path / "fs", membership)

    assert 0 < left <= psutil.virtual_memory().total


def test_what_a_process_holds_is_available_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_memory, "left_bytes", lambda: 1000)
    before = available_to_cpu({}, psutil.Process())

    held = bytearray(b"1") * 50_000_000

    assert available_to_cpu({}, psutil.Process()) - before == pytest.approx(len(held), rel=0.1)
    assert before > 10_000_000


START = "import subprocess, sys; subprocess.run(sys.argv[1:])"


def test_what_an_engine_on_the_gpu_holds_on_the_host_is_not_available_to_the_cpu(
    folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_memory, "left_bytes", lambda: 0)
    devices = dict.fromkeys(folders, GPU) | {folders[0]: CPU}
    program = "held = b'1' * 50_000_000; print(flush=True); input()"
    for folder, least, most in ((folders[1], 0, 0), (folders[0], 50e6, 90e6)):
        engine = [sys.executable, "-c", program, str(folder / "model.py")]
        # Other tests' engines may be processes of this one.
        command = [sys.executable, "-c", START, *engine]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
            assert server.stdout
            server.stdout.readline()
            assert least <= available_to_cpu(devices, psutil.Process(server.pid)) <= most
            server.communicate(b"\n")


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Of engines that have been measured on either device."""
    folders = [version_folder(tmp_path, model) for model in ENGINES]
    for folder in folders:
        folder.mkdir(parents=True)
        CpuMemory(resting_bytes=10, area=1, sizes=SIZES).save(folder)
        GpuMemory(resting_bytes=20, area=None, sizes=SIZES).save(folder)
    return folders


@pytest.mark.parametrize(("device", "needed"), [(CPU, 30), (GPU, 60)])
def test_the_files_beside_the_engines_are_read_for_the_device(
    folders: list[Path], device: Device, needed: float
) -> None:
    use = read_memory_use(dict.fromkeys(folders, device), psutil.Process())

    assert use
    assert {kind: each.needed([]) for kind, each in use.devices.items()} == {device.kind: needed}


def test_each_engine_counts_on_its_own_device(folders: list[Path]) -> None:
    devices = {
        folder: CPU if folder.parent.name == TEXT_ENCODER.name else GPU for folder in folders
    }

    use = read_memory_use(devices, psutil.Process())

    assert use
    assert {kind: set(each.engines) for kind, each in use.devices.items()} == {
        "cpu": {"text_encoder"},
        "cuda": {"transformer", "vae_decoder"},
    }
    assert (use.devices["cpu"].needed([]), use.devices["cuda"].needed([])) == (10, 40)
    assert use.devices["cuda"].available_bytes == 24 * 2**30
    assert 0 < use.devices["cpu"].available_bytes != 24 * 2**30


def test_what_was_measured_in_another_runtime_does_not_count(
    folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPU_RUNTIME", "onnxruntime")
    devices = dict.fromkeys(folders, CPU)
    assert read_memory_use(devices, psutil.Process()) is None
    assert str(runtime_warning(devices)).startswith(
        "the memory of the engines was measured in openvino, and CPU_RUNTIME=onnxruntime: no video "
    )

    text_encoder, transformer, _ = folders  # the decoder stays in OpenVINO
    for folder in (text_encoder, transformer):
        in_it = CpuMemory(runtime=CpuRuntime.ONNXRUNTIME, resting_bytes=10, area=1, sizes=SIZES)
        in_it.save(folder)
    assert read_memory_use(devices, psutil.Process())
    assert runtime_warning(devices) is None


def test_without_measurements_nothing_is_said(tmp_path: Path) -> None:
    assert read_memory_use({tmp_path: CPU}, psutil.Process()) is None
    assert runtime_warning({tmp_path: CPU}) is None


@pytest.mark.parametrize("beside", [CPU, GPU])
def test_what_an_unloaded_engine_will_hold_again_is_not_given_away(
    folders: list[Path], monkeypatch: pytest.MonkeyPatch, beside: Device
) -> None:
    """While it holds nothing, the machine has so much more left."""
    devices = dict.fromkeys(folders, beside) | {folders[0]: CPU}
    monkeypatch.setattr(machine_memory, "left_bytes", lambda: 7 * GB)
    program = "import time; print(flush=True); time.sleep(60)"
    engine = [sys.executable, "-c", program, str(folders[0] / "model.py")]
    with subprocess.Popen(engine, stdout=subprocess.PIPE) as unloaded:
        assert unloaded.stdout
        unloaded.stdout.readline()
        available = available_to_cpu(devices, psutil.Process(unloaded.pid))
        unloaded.kill()

    assert 7 * GB < available < 7.05 * GB
