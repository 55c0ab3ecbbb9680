"""Prometheus' configuration, the alert rules and the dashboard, on a running stack."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from ltx_triton.launcher.local_triton import LocalTriton
from tests.deploy.dashboard import GPU_METRICS, alerts, metrics_in, needs_gpu, panels, queries
from tests.deploy.prometheus import CONFIG, Prometheus, running
from tests.deploy.stack import ROOT
from tests.e2e.jobs import finish, post
from tests.frontend.conftest import wait_until

PROMETHEUS = shutil.which("prometheus")
PROMTOOL = shutil.which("promtool")
needs_prometheus = pytest.mark.skipif(
    not (PROMETHEUS and PROMTOOL),
    reason="prometheus is not installed (Debian: apt install prometheus)",
)


def promtool(*arguments: str | Path) -> None:
    command = [str(PROMTOOL), *arguments]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@needs_prometheus
def test_the_configuration_is_valid() -> None:
    promtool("check", "config", CONFIG)


@needs_prometheus
def test_alerts_fire_when_they_should_and_only_then() -> None:
    promtool("test", "rules", ROOT / "tests" / "deploy" / "alerts_test.yml")


def test_every_alert_has_a_test() -> None:
    tests = (ROOT / "tests" / "deploy" / "alerts_test.yml").read_text()
    for rule in alerts():
        assert f"alertname: {rule['alert']}\n" in tests, "no test in which it fires"
        assert f"alertname: {rule['alert']}," in tests, "no test in which it does not"


def test_every_alert_is_explained() -> None:
    document = (ROOT / "docs" / "monitoring.md").read_text()
    for rule in alerts():
        assert f"`{rule['alert']}`" in document


def test_every_metric_that_is_asked_for_exists(frontend: str, triton: LocalTriton) -> None:
    finish(frontend, post(frontend)["job_id"])
    pages = (f"{frontend}/metrics", triton.metrics_url)
    texts = [requests.get(url, timeout=30).text for url in pages]
    exposed = {name for text in texts for name in re.findall(r"^\w+", text, re.MULTILINE)}
    asked = {
        name
        for expression in [*queries(), *(rule["expr"] for rule in alerts())]
        for name in metrics_in(expression)
    }

    assert asked - exposed == GPU_METRICS | {"up"}  # which Prometheus itself adds
    assert len(asked) > 20


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (place["x"] + column, place["y"] + row)
            for column in range(place["w"])
            for row in range(place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not taken & cells, panel["title"]
        taken |= cells


@pytest.fixture(scope="module")
def prometheus(
    frontend: str, triton: LocalTriton, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """A Prometheus that has watched how a video was made."""
    folder = tmp_path_factory.mktemp("prometheus")
    urls = {"video-api": frontend, "triton": triton.metrics_url}
    with running(str(PROMETHEUS), folder, urls) as server:
        wait_until(lambda: server.query("up") == [1, 1])
        finish(frontend, post(frontend)["job_id"])
        yield server


@needs_prometheus
@pytest.mark.parametrize("expression", queries())
def test_prometheus_answers_every_query_of_the_dashboard(
    expression: str, prometheus: Prometheus
) -> None:
    if needs_gpu(expression):
        assert prometheus.query(expression) == []
    else:
        wait_until(lambda: prometheus.has_figures(expression), seconds=60)


@needs_prometheus
def test_prometheus_evaluates_every_alert_and_none_is_raised_by_a_healthy_service(
    prometheus: Prometheus,
) -> None:
    wait_until(lambda: all(rule["health"] != "unknown" for rule in prometheus.rules()))

    states = {rule["name"]: (rule["health"], rule["state"]) for rule in prometheus.rules()}

    assert states == {rule["alert"]: ("ok", "inactive") for rule in alerts()}
