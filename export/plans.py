"""From a checkpoint to TensorRT plans, over ONNX engines that are kept for the next time."""

from dataclasses import replace

from export.run import ExportOptions, export
from export.tensorrt.build import PlanOptions, build_plans, find_machine
from export.tensorrt.sizes import require_sizes


def export_plans(options: ExportOptions, plans: PlanOptions) -> None:
    """Export to `plans.source` what is not there already, and build plans of it.

    Raises:
        ExportError: there is no such size, this machine cannot build plans, or one of the two
            parts fails.
    """
    # Before the long part.
    require_sizes(plans.sizes)
    find_machine(options.precision)
    export(replace(options, output=plans.source))
    build_plans(plans)
