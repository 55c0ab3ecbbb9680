"""`ltx-video doctor`: find what is wrong with this machine, and say what to do."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from ltx_command.checks import engines, machine, ports, service
from ltx_command.checks.finding import Check, Finding, Installation, Level, ok, problem
from ltx_command.model_repository import with_model_repository
from ltx_triton.settings import Settings, load_settings

CHECKS: dict[str, Check] = {
    "Python": machine.python,
    "glibc": machine.glibc,
    "Triton": service.triton,
    "memory": machine.memory,
    "shared memory": machine.shared_memory,
    "output folder": machine.output_folder,
    "model folder": machine.repository_disk,
    "API port": ports.api,
    "Triton port": ports.triton_grpc,
    "metrics port": ports.triton_metrics,
    "GPU": engines.gpu,
    "TensorRT": engines.tensorrt,
    "models": engines.models,
    "video memory": engines.video_memory,
    "ffmpeg": service.ffmpeg,
    "job store": service.job_store,
    "model hub": service.hub,
}
_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "red"}


@click.command("doctor")
@with_model_repository
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def command(model_repository: Path, as_json: bool) -> None:
    """Check what the service needs, and say what to do.

    Looks at this machine, the settings and the models as `ltx-video serve` would
    find them, and changes nothing. Ends with exit code 1 if there is a problem; warnings do not
    count.
    """
    findings = _findings(model_repository)
    if as_json:
        listed = [{"check": name, **asdict(finding)} for name, finding in findings.items()]
        click.echo(json.dumps(listed, indent=2))
    else:
        for name, finding in findings.items():
            _print(name, finding)
    if any(finding.level is Level.PROBLEM for finding in findings.values()):
        raise SystemExit(1)


def _findings(repository: Path) -> dict[str, Finding]:
    try:
        settings, about_settings = load_settings(), ok("every variable has an allowed value")
    except SystemExit as error:
        settings = Settings.model_construct()
        about_settings = problem(
            " ".join(str(error).split()), "see docs/configuration.md; the defaults are checked here"
        )
    installation = Installation(settings, repository)
    return {
        "settings": about_settings,
        **{name: examine(check, installation) for name, check in CHECKS.items()},
    }


def examine(check: Check, installation: Installation) -> Finding:
    try:
        return check(installation)
    except PermissionError as error:
        return problem(
            f"{error.filename}: {error.strerror}",
            "run as a user who may read it, or set another folder",
        )


def _print(name: str, finding: Finding) -> None:
    level = click.style(f"{finding.level:<8}", fg=_COLOURS[finding.level])
    click.echo(f"{level} {name:<14} {finding.text}")
    if finding.remedy:
        click.echo(f"{'':<23} -> {finding.remedy}")
