import subprocess
import sys
from pathlib import Path

import pytest
from cuda.bindings import runtime

from export.tensorrt.__main__ import main, parse
from tests.export.tensorrt.test_build import write_source

GPU_HERE = runtime.cudaGetDeviceCount()[0] == runtime.cudaError_t.cudaSuccess


def test_defaults(tmp_path: Path) -> None:
    options = parse(["--source", str(tmp_path)])

    assert options.output.name == "model_repository"
    assert options.sizes == ("default", "maximum")
    assert options.optimization_level == 3
    assert not options.weight_streaming


def test_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_RESOLUTION", "768")

    assert parse(["--source", "x"]).settings.max_resolution == 768


def test_sizes_are_a_list_and_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = str(write_source(tmp_path))
    assert parse(["--source", source, "--sizes", "long,preview"]).sizes == ("long", "preview")

    assert main(["--source", source, "--sizes", "default,huge"]) == 1
    assert capsys.readouterr().err == (
        "error: --sizes huge: no such size; allowed: preview, default, long, maximum\n"
    )


@pytest.mark.parametrize(
    "option", [["--optimization-level", "6"], ["--workspace-gib", "0"], ["--workspace-gib", "-1"]]
)
def test_impossible_options_are_refused(option: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--source", "x", *option])


@pytest.mark.skipif(GPU_HERE, reason="shows what is said where there is no GPU")
def test_without_a_gpu_the_command_says_so_and_changes_nothing(tmp_path: Path) -> None:
    source, output = write_source(tmp_path / "source"), tmp_path / "output"
    command = [sys.executable, "-m", "export.tensorrt", "--source", str(source)]
    command += ["--output", str(output)]

    finished = subprocess.run(command, capture_output=True, text=True, check=False)

    assert finished.returncode == 1
    assert finished.stderr.startswith("error: no GPU was found: ")
    assert "Plans are built on the machine that will run them" in finished.stderr
    assert not output.exists()


def test_neither_torch_nor_diffusers_is_imported() -> None:
    program = """
import sys
import export.tensorrt.__main__
sys.exit(any(name in sys.modules for name in ("torch", "diffusers", "transformers")))
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
