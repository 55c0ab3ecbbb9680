"""Build TensorRT plans, one at a time: `python -m benchmarks.baselines.plans SOURCE REPOSITORY`.

Needs no torch.
"""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.baselines.worker import end_with_owner, serve_commands
from export.tensorrt.build import PlanOptions, build_plans
from ltx_triton.contract import ENGINES
from ltx_triton.engines.tensorrt.plan import PlanInfo
from ltx_triton.repository.layout import version_folder
from ltx_triton.settings import load_settings


def build(source: Path, repository: Path, name: str) -> dict[str, Any]:
    """Build the plan of an engine; return what it took and what it is."""
    model = next(each for each in ENGINES if each.name == name)
    options = PlanOptions(
        source=source,
        settings=load_settings(),
        output=repository,
        sizes=("default",),
        # Cases share timings: their text encoders and decoders are the same.
        work_folder=source.parent.parent / "tensorrt",
        engines=(model,),
    )
    (report,) = build_plans(options)
    return asdict(report) | {"plan": PlanInfo.load(version_folder(repository, model)).model_dump()}


def main() -> None:
    end_with_owner()
    source, repository = map(Path, sys.argv[1:])
    serve_commands({"build": lambda name: build(source, repository, name)})


if __name__ == "__main__":
    main()
