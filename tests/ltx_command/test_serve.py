"""How `ltx-video serve` refuses to start; tests/e2e/test_local_stack.py has how it runs."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from ltx_triton.launcher.local_triton import free_port
from tests.ltx_command.command import ROOT, run
from tests.ltx_triton.launcher.processes import free_triton_ports


def test_all_taken_ports_are_named_in_one_line_with_their_variables(tmp_path: Path) -> None:
    with socket.socket() as api, socket.socket() as triton:
        for taken in (api, triton):
            taken.bind(("127.0.0.1", 0))
            taken.listen()
        numbers = [taken.getsockname()[1] for taken in (api, triton)]
        refused = run("serve", "--host", "127.0.0.1", "--port", str(numbers[0]), folder=tmp_path,
                      **free_triton_ports() | {"TRITON_GRPC_ADDRESS": f"127.0.0.1:{numbers[1]}"},
        )  # fmt: skip

    assert refused.returncode == 1
    [line] = refused.stderr.splitlines()
    assert line.startswith(f"Error: port {numbers[0]} (API_PORT) is taken by python")
    assert f"port {numbers[1]} (TRITON_GRPC_ADDRESS) is taken by python" in line
    assert line.endswith("; is another `ltx-video serve` running?")


def test_without_models_the_missing_file_and_the_remedy_are_named(tmp_path: Path) -> None:
    refused = run("serve", "--model-repository", tmp_path, "--port", str(free_port()),
                  folder=tmp_path, **free_triton_ports())  # fmt: skip

    assert refused.returncode == 1
    [line] = refused.stderr.splitlines()
    assert line.startswith(f"Error: {tmp_path}/ltx_video/1/pipeline.json is missing: ")


def test_an_option_is_checked_as_the_variable_that_it_stands_for(tmp_path: Path) -> None:
    refused = run("serve", "--port", "eighty", folder=tmp_path, API_KEY_REQUIRED="true")

    assert refused.returncode == 1
    assert refused.stderr.splitlines()[0] == "Bad configuration:"
    assert "API_PORT='eighty'" in refused.stderr
    assert "API_KEY: is not set" in refused.stderr


def test_ctrl_c_before_anything_runs_is_a_usual_end_too(tmp_path: Path) -> None:
    code = (
        "import signal; from ltx_command import serve;"
        "serve.prepare = lambda _: signal.raise_signal(signal.SIGINT);"
        f"serve.command(['--port', '{free_port()}'])"
    )
    environment = os.environ | free_triton_ports() | {"PYTHONPATH": str(ROOT)}
    stopped = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, stderr=subprocess.PIPE
    )
    assert (stopped.returncode, stopped.stderr) == (0, b"")
