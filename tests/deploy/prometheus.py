"""The real Prometheus with the configuration of the containers, before servers on this machine."""

import math
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import yaml

from ltx_triton.launcher.local_triton import free_port
from ltx_triton.parent_process import die_with_parent
from tests.deploy.stack import DEPLOY
from tests.frontend.conftest import wait_until

CONFIG = DEPLOY / "prometheus" / "prometheus.yml"
_SCRAPE_SECONDS = 1


class Prometheus:
    """Its HTTP API."""

    def __init__(self, port: int) -> None:
        url = f"http://127.0.0.1:{port}"
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def is_ready(self) -> bool:
        try:
            return self._http.get("/-/ready").is_success
        except httpx.TransportError:
            return False

    def query(self, expression: str) -> list[float]:
        """The values of an expression now; Grafana's own variables are filled in as it does."""
        expression = expression.replace("$__rate_interval", f"{60 * _SCRAPE_SECONDS}s")
        answer = self._http.get("/api/v1/query", params={"query": expression})
        assert answer.is_success, f"{expression}: {answer.text}"
        return [float(series["value"][1]) for series in answer.json()["data"]["result"]]

    def has_figures(self, expression: str) -> bool:
        """Whether there is something to draw."""
        return any(math.isfinite(value) for value in self.query(expression))

    def rules(self) -> list[dict[str, Any]]:
        """The alert rules and how they fare."""
        groups = self._http.get("/api/v1/rules").json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def close(self) -> None:
        self._http.close()


@contextmanager
def running(program: str, folder: Path, urls: dict[str, str]) -> Iterator[Prometheus]:
    """Prometheus with its data in `folder`; `urls` are the servers in the place of containers."""
    config = yaml.safe_load(CONFIG.read_text())
    config["global"] = {
        f"{name}_interval": f"{_SCRAPE_SECONDS}s" for name in ("scrape", "evaluation")
    }
    config["rule_files"] = [str(CONFIG.parent / name) for name in config["rule_files"]]
    for job in config["scrape_configs"]:
        job["static_configs"] = [{"targets": [urlsplit(urls[job["job_name"]]).netloc]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    log = folder / "prometheus.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=output,
            stderr=output,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )
    prometheus = Prometheus(port)
    try:

        def ready() -> bool:
            assert process.poll() is None, log.read_text()
            return prometheus.is_ready()

        wait_until(ready, seconds=60)
        yield prometheus
    finally:
        prometheus.close()
        process.kill()
        process.wait()
