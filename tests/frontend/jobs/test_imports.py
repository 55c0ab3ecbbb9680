import subprocess
import sys


def test_jobs_know_neither_http_nor_prometheus() -> None:
    program = "import frontend.jobs.worker, sys; print(*sys.modules, sep='\\n')"

    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    modules = printed.stdout.decode().split()
    assert "frontend.jobs.worker" in modules
    above = (
        "frontend.api",
        "frontend.metrics",
        "frontend.services",
        "fastapi",
        "prometheus_client",
    )
    assert [name for name in modules if name.startswith(above)] == []
