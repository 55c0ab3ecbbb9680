"""What the Grafana dashboard and the alert rules ask Prometheus."""

import json
import re
from typing import Any

import yaml

from tests.deploy.stack import DEPLOY

DASHBOARD = DEPLOY / "grafana" / "dashboards" / "ltx-video.json"
ALERTS = DEPLOY / "prometheus" / "alerts.yml"

# Only a machine with a GPU shows these: Triton's documentation, user_guide/metrics.md.
GPU_METRICS = {
    "nv_gpu_memory_total_bytes",
    "nv_gpu_memory_used_bytes",
    "nv_gpu_power_limit",
    "nv_gpu_power_usage",
    "nv_gpu_utilization",
}


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return [panel for panel in found if panel["type"] != "row"]


def queries() -> list[str]:
    """Every expression of the dashboard."""
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def metrics_in(expression: str) -> set[str]:
    """Names of the metrics that an expression reads."""
    without_labels = re.sub(r'"[^"]*"', "", expression)
    return set(re.findall(r"\b(?:ltx|nv)_\w+|\bup\b", without_labels))


def needs_gpu(expression: str) -> bool:
    return bool(metrics_in(expression) & GPU_METRICS)
