import re

import requests

from ltx_triton.settings import Settings
from tests.deploy.stack import COMPOSE, ROOT, services

DOCUMENT = (ROOT / "docs" / "containers.md").read_text()


def test_every_variable_of_the_export_and_of_compose_itself_is_described() -> None:
    named = set()
    for service in services().values():
        given = service.get("environment", {}) | service.get("build", {}).get("args", {})
        named |= {name for name, value in given.items() if value is None}
    named |= set(re.findall(r"\$\{([A-Z_]+)", COMPOSE.read_text()))
    named -= {name.upper() for name in Settings.model_fields}  # docs/configuration.md has them
    named |= {name for name, value in services()["export"]["environment"].items() if value is None}
    rows = re.findall(r"^\| (`[A-Z_]+`.*?) \|", DOCUMENT, re.MULTILINE)
    assert named == {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}


def test_every_metric_of_the_frontend_is_described(frontend: str) -> None:
    document = (ROOT / "docs" / "monitoring.md").read_text()
    rows = re.findall(r"^\| (`ltx_.*?) \|", document, re.MULTILINE)  # others are Triton's
    described = [name for row in rows for name in re.findall(r"`(ltx_\w+)`", row)]
    exposed = re.findall(
        r"^# HELP (\w+)", requests.get(f"{frontend}/metrics", timeout=30).text, re.MULTILINE
    )
    assert sorted(described) == sorted(exposed)
