"""What can be checked of docker-compose.yml without a container engine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ltx_triton.repository.layout import SERVED_REPOSITORY
from ltx_triton.settings import Settings
from tests.deploy.stack import (
    COMPOSE,
    ROOT,
    compose,
    image,
    passed_on,
    services,
    settings_read,
    stages,
)

SERVICES = services()
SETTINGS = {name.upper() for name in Settings.model_fields}
BUILT = [name for name, service in SERVICES.items() if "build" in service]


def test_it_is_what_the_compose_specification_allows() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    checked = subprocess.run(
        [checker, "--builtin-schema", "vendor.compose-spec", COMPOSE],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_variable_that_it_sets_is_a_setting() -> None:
    set_here = {name for service in BUILT for name in SERVICES[service]["environment"]}
    assert set_here - {"FORWARDED_ALLOW_IPS"} <= SETTINGS  # uvicorn's own


@pytest.mark.parametrize("service", BUILT)
def test_every_setting_can_be_set_from_outside(service: str) -> None:
    # What the engines run on is what the profiles differ in.
    fixed = {"MODEL_DEVICE"}
    if service == "triton-cpu":  # its addresses within its container
        fixed |= {"TRITON_GRPC_ADDRESS", "TRITON_METRICS_URL"}
    if service == "export":  # only what serves unloads engines
        fixed |= {"MEMORY_BUDGET_GB"}
    assert settings_read(service) - passed_on(service) <= fixed


def test_every_setting_is_read_by_a_service() -> None:
    assert set().union(*map(settings_read, BUILT)) == SETTINGS


def test_every_parser_reads_it() -> None:
    """podman-compose finds the end of a variable at the first brace."""
    assert not re.search(r"\$\{[^}]*\$\{", COMPOSE.read_text())


def test_every_image_can_be_pinned_by_its_digest() -> None:
    for name, service in SERVICES.items():
        if name not in BUILT:
            assert re.fullmatch(r"\$\{[A-Z]+_IMAGE:-\S+:\S+\}", service["image"])
            continue
        dockerfile = ROOT / service["build"]["dockerfile"]
        made_here = stages(dockerfile)
        bases = {stage.base for stage in made_here.values()} - set(made_here)
        [(argument, _)] = re.findall(r"^ARG (\w+)=(\S+:\S+)$", dockerfile.read_text(), re.MULTILINE)
        assert bases == {f"${argument}"}
        assert service["build"]["args"][argument] is None  # from the environment


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_may_do_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc"} & set(service)


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_runs_as_root(name: str) -> None:
    if name in BUILT:
        users = re.findall(r"^USER (\S+)$", image(name), re.MULTILINE)
        assert users == ["1000"]
    else:
        assert int(SERVICES[name]["user"].partition(":")[0]) > 0


def test_what_is_mounted_exists() -> None:
    volumes = compose()["volumes"]
    for service in SERVICES.values():
        for volume in service["volumes"]:
            source = re.sub(r"\$\{[A-Z_]+:-(\w+)\}", r"\1", volume).partition(":")[0]
            folder = ROOT / source
            assert source in volumes or folder == SERVED_REPOSITORY or folder.is_dir(), source
