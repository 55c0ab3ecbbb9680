"""Named deployments: files of settings for one kind of card."""

import re
from pathlib import Path

import pytest

from benchmarks.card_memory import DEPLOYMENTS, Deployment
from ltx_triton.settings import Settings
from tests.deploy.stack import CODE, DEPLOY, ROOT, passed_on, settings_read

NAMED = [each for each in DEPLOYMENTS if each.file]


def variables(file: str) -> dict[str, str]:
    """The variables that Compose reads of a file."""
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / file).read_text(), re.MULTILINE))


def test_every_file_is_a_deployment_in_the_table() -> None:
    files = {f"deploy/cards/{file.name}" for file in (DEPLOY / "cards").iterdir()}
    assert files == {each.file for each in NAMED}


@pytest.mark.parametrize("deployment", NAMED, ids=lambda each: Path(each.file).stem)
def test_a_file_says_what_the_table_counts(deployment: Deployment) -> None:
    assert deployment.file
    found = variables(deployment.file)

    assert Path(deployment.file).stem == f"{deployment.card_gib}gb"
    assert (found["PRECISION"], found["TEXT_ENCODER_DEVICE"]) == (
        deployment.precision,
        deployment.text_encoder,
    )
    assert found["COMPOSE_PROFILES"] == "gpu"


@pytest.mark.parametrize("deployment", NAMED, ids=lambda each: Path(each.file).stem)
def test_compose_passes_every_variable_on(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert deployment.file
    found = variables(deployment.file)

    for name, value in found.items():
        if name != "COMPOSE_PROFILES":
            readers = {service for service in CODE if name in settings_read(service)}
            # The others are options of the export.
            assert all(name in passed_on(service) for service in readers or {"export"})
        monkeypatch.setenv(name, value)
    Settings()  # its checks
