"""What can be checked of docker-compose.yml without a container engine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_an_operator_can_set_every_limit_of_the_frontend() -> None:
    handed_on = {name for name, value in SERVICES["video-api"]["environment"].items() if not value}
    fixed_in_the_image = {"API_HOST", "API_PORT", "OUTPUT_DIR", "DATABASE_URL"}
    of_others = {"MODEL_DEVICE", "CPU_PRECISION", "MODEL_CACHE_DIR"}
    fixed_here = {"TRITON_GRPC_ADDRESS", "TRITON_METRICS_URL", "LOG_FORMAT"}
    settings = {name.upper() for name in Settings.model_fields}
    assert handed_on == settings - fixed_in_the_image - of_others - fixed_here | {
        "FORWARDED_ALLOW_IPS"
    }


def test_engines_are_built_for_the_sizes_that_the_frontend_allows() -> None:
    export, frontend = (SERVICES[name]["environment"] for name in ("export", "video-api"))
    limits = {name for name in frontend if name.startswith(("MAX_VIDEO", "MAX_FR", "MAX_RES"))}
    # What the settings compare with them.
    limits |= {"DEFAULT_VIDEO_DURATION", "DEFAULT_FPS"}
    assert len(limits) == 5
    assert {name for name in export if name not in {"MODEL_NAME"}} == limits
    for name in limits:
        assert export[name] == frontend[name] is None


def test_plain_docker_compose_up_is_the_gpu_stack() -> None:
    [profile] = re.findall(r"^COMPOSE_PROFILES=(.*)$", (ROOT / ".env").read_text(), re.MULTILINE)

    def started(profile: str) -> set[str]:
        return {name for name, of in SERVICES.items() if profile in of.get("profiles", [profile])}

    everywhere = {"video-api", "prometheus", "grafana"}
    assert started(profile) == everywhere | {"triton"}
    assert started("cpu") == everywhere | {"triton-cpu"}


def test_the_frontend_reaches_either_triton_under_one_name() -> None:
    address = SERVICES["video-api"]["environment"]["TRITON_GRPC_ADDRESS"]
    assert address == "triton:8001"
    assert SERVICES["triton-cpu"]["networks"]["engine"]["aliases"] == ["triton"]


def test_the_gpu_stack_runs_tensorrt_and_the_other_needs_no_gpu() -> None:
    gpu, cpu = SERVICES["triton"], SERVICES["triton-cpu"]
    assert gpu["command"] == ["/opt/ltx/triton.sh", "--model-config-name=tensorrt"]
    assert "command" not in cpu
    assert "deploy" not in cpu
    for name in ("triton", "export"):
        [device] = SERVICES[name]["deploy"]["resources"]["reservations"]["devices"]
        assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}
    environments = [service["environment"]["MODEL_DEVICE"] for service in (gpu, cpu)]
    assert environments == ["cuda", "cpu"]


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


def test_only_the_api_and_grafana_are_published_and_grafana_on_this_machine_alone() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {
        "video-api": ["${API_HOST:-0.0.0.0}:${API_PORT:-8000}:8000"],
        "grafana": ["${GRAFANA_HOST:-127.0.0.1}:${GRAFANA_PORT:-3000}:3000"],
    }


def test_triton_and_prometheus_are_on_a_network_without_a_way_out() -> None:
    assert compose()["networks"]["engine"] == {"internal": True}
    for name in ("triton", "triton-cpu", "prometheus"):
        assert set(SERVICES[name]["networks"]) == {"engine"}, name
    assert SERVICES["export"]["networks"] == ["public"]


def test_what_is_mounted_from_the_repository_is_read_only_but_for_the_exporter() -> None:
    writable = {
        (name, volume)
        for name, service in SERVICES.items()
        for volume in service["volumes"]
        if volume.startswith(".") and not volume.endswith(":ro")
    }
    assert writable == {("export", "./model_repository:/models")}


def test_what_is_mounted_exists() -> None:
    volumes = compose()["volumes"]
    for service in SERVICES.values():
        for source in (volume.partition(":")[0] for volume in service["volumes"]):
            assert source in volumes or (ROOT / source).is_dir(), source


def test_images_that_are_not_built_here_are_pinned_to_a_patch_version() -> None:
    images = [service["image"] for name, service in SERVICES.items() if name not in BUILT]
    assert len(images) == 2
    for image in images:
        assert re.search(r":v?\d+\.\d+\.\d+$", image), image


def test_the_export_job_runs_once_and_only_when_asked() -> None:
    export = SERVICES["export"]
    assert export["profiles"] == ["export"]
    assert export["restart"] == "no"
    assert export["command"].split()[:5] == ["python", "-m", "export", "--target", "tensorrt"]
