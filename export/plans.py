"""Export a checkpoint to TensorRT plans, keeping the ONNX engines for the next build."""

from dataclasses import replace

from export.options import ExportOptions
from export.run import export
from export.tensorrt.build import PlanOptions, build_plans
from export.tensorrt.sizes import require_sizes
from export.tensorrt.target import find_target


def export_plans(options: ExportOptions, plans: PlanOptions) -> None:
    """Export to `plans.source` unless it is up to date, and build plans from it.

    Raises:
        ExportError: a size is unknown, this machine cannot build plans, or a part fails.
    """
    # Fail before the long part.
    require_sizes(plans.sizes)
    target = find_target(plans.library, options.precision)
    onnx = replace(options, output=plans.source, for_cpu=False)
    export(onnx, plans.planned(target, options.precision))
    build_plans(plans)
