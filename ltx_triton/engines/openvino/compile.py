"""Compile a graph for the CPU, in a given precision."""

import os

import openvino
from openvino.properties import hint, inference_num_threads

from ltx_triton.engines.cpu_precision import CpuPrecision
from ltx_triton.engines.process_memory import trim

_DEVICE = "CPU"
_TYPES = {CpuPrecision.FP32: openvino.Type.f32, CpuPrecision.BF16: openvino.Type.bf16}


def compile_graph(
    graph: openvino.Model, precision: CpuPrecision, *, dynamic_quantization: bool = True
) -> openvino.CompiledModel:
    """Compile with matrix products and activations in `precision`, sums in FP32.

    `dynamic_quantization`: where weights are INT8, round what they are multiplied with to INT8 too,
    which about halves the time.
    """
    # Timesteps and positions, of which sine and cosine are taken, are far too large for BF16.
    # OpenVINO keeps FP32 where no matrix product follows, so expose sines and cosines as outputs.
    angles = [node for node in graph.get_ops() if node.get_type_name() in ("Sin", "Cos")]
    graph.add_outputs([node.output(0) for node in angles])
    properties = {} if dynamic_quantization else {hint.dynamic_quantization_group_size: 0}
    compiled = openvino.Core().compile_model(
        graph,
        _DEVICE,
        properties
        | {
            hint.inference_precision: _TYPES[precision],
            hint.performance_mode: hint.PerformanceMode.LATENCY,
            inference_num_threads: len(os.sched_getaffinity(0)),
            # Each engine runs in its own process, and pinning would put them all on one core.
            hint.enable_cpu_pinning: False,
        },
    )
    trim()
    return compiled
