"""What can be checked of docker-compose.yml without a container engine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ltx_triton.repository.layout import SERVED_REPOSITORY
from ltx_triton.settings import Settings
from tests.deploy.stack import COMPOSE, ROOT, compose, dockerfile, services

SERVICES = services()
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
    set_here = {
        name.lower()
        for service in BUILT
        for name in SERVICES[service]["environment"]
        if name != "FORWARDED_ALLOW_IPS"  # uvicorn's own
    }
    assert set_here <= set(Settings.model_fields)


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
        users = re.findall(r"^USER (\S+)$", dockerfile(name).read_text(), re.MULTILINE)
        assert users == ["1000"]
    else:
        assert int(SERVICES[name]["user"].partition(":")[0]) > 0


def test_what_is_mounted_exists() -> None:
    volumes = compose()["volumes"]
    for service in SERVICES.values():
        for source in (volume.partition(":")[0] for volume in service["volumes"]):
            folder = ROOT / source
            assert source in volumes or folder == SERVED_REPOSITORY or folder.is_dir(), source
