import os
import subprocess
import sys
from pathlib import Path


def test_nobody_is_told_that_openvino_is_used(tmp_path: Path) -> None:
    code = (
        "import ltx_triton.engines.openvino.session;"
        "import openvino.tools.ovc.telemetry_utils as utils; print(utils.tm.__name__)"
    )

    imported = subprocess.run(
        [sys.executable, "-c", code],
        env={name: value for name, value in os.environ.items() if name != "CI"}
        | {"HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    assert imported.stdout == "openvino.tools.ovc.telemetry_stub\n"
    assert list(tmp_path.iterdir()) == []
