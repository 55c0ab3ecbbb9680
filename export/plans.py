"""Export a checkpoint to TensorRT plans, keeping the ONNX engines for the next build."""

from dataclasses import replace

from export.needs import PlanTarget
from export.run import ExportOptions, export
from export.tensorrt.build import PlanOptions, build_plans, find_machine
from export.tensorrt.sizes import require_sizes


def export_plans(options: ExportOptions, plans: PlanOptions) -> None:
    """Export to `plans.source` unless it is up to date, and build plans from it.

    Raises:
        ExportError: a size is unknown, this machine cannot build plans, or a part fails.
    """
    # Fail before the long part.
    require_sizes(plans.sizes)
    gpu, _ = find_machine(options.precision)
    target = PlanTarget(plans.output, gpu, plans.weight_streaming)
    export(replace(options, output=plans.source, for_cpu=False), target)
    build_plans(plans)
