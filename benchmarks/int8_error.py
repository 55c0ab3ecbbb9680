"""Measure what INT8 weights cost, in all and in each group of linears alone.

On the demo checkpoint, which is trained, and on random weights of wider layers, in PyTorch in FP32.
A group's share of the squared error stands beside its share of the weights, the reason for INT8.
"""

import argparse
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from torch import Tensor

from benchmarks.machine import Machine
from benchmarks.precision_error import WIDE
from benchmarks.precision_runs import REQUEST, Measurement, torch_run
from export.checkpoint.open import open_checkpoint
from export.graphs import text_encoder, transformer
from export.graphs.weights import load_weights
from export.int8.linears import int8_weights
from export.linears import group_errors, group_of, linears
from export.precision import Precision
from export.random.checkpoint import write_random_checkpoint
from ltx_triton.contract import TEXT_ENCODER, TRANSFORMER, ModelContract
from ltx_triton.engines.session import Arrays

RESULT = Path(__file__).parent / "results" / "int8_error.json"
DEMO = Path(__file__).parents[1] / "demo" / "checkpoint"
_BUILD = {TRANSFORMER.name: transformer.build, TEXT_ENCODER.name: text_encoder.build}
_EMBEDDING = "encoder.embed_tokens"


@dataclass(frozen=True)
class Int8Group:
    error: float  # relative L2 error of the velocity or the embeddings with this group in INT8
    error_share: float  # of the squared errors of all groups
    weight_share: float  # of the weights of all groups
    in_int8: bool  # whether the exporter takes it


def int8_groups(measurement: Measurement, contract: ModelContract) -> dict[str, dict[str, Any]]:
    """Measure over all calls of a video; the group with the largest error comes first."""
    checkpoint = measurement.checkpoint
    calls = [_unit_step(contract, call) for call in measurement.calls[contract.name]]

    def outputs(names: Iterable[str]) -> list[Tensor]:
        engine = _BUILD[contract.name](checkpoint, Precision.FP32)
        run = torch_run(contract, load_weights(replace(engine, int8=frozenset(names)), checkpoint))
        with torch.no_grad():
            found = [torch.from_numpy(run(call)) for call in calls]
        if contract is TEXT_ENCODER:
            return found
        return [
            torch.from_numpy(call["latents"]) - out for call, out in zip(calls, found, strict=True)
        ]

    module = _BUILD[contract.name](checkpoint, Precision.FP32).module
    blocks = int(checkpoint.config(contract.name)["num_layers"])
    taken = int8_weights(module)
    members: dict[str, list[str]] = defaultdict(list)
    sizes: Counter[str] = Counter()
    modules: list[tuple[str, torch.nn.Module]] = list(linears(module))
    if contract is TEXT_ENCODER:
        modules.append((_EMBEDDING, module.get_submodule(_EMBEDDING)))
    for name, child in modules:
        group = name if name == _EMBEDDING else group_of(name.removeprefix("model."), blocks)
        members[group].append(f"{name}.weight")
        sizes[group] += child.get_parameter("weight").numel()

    def quantized() -> Iterator[tuple[str, list[Tensor]]]:
        for group, names in members.items():
            yield group, outputs(names)

    errors = group_errors(outputs(()), quantized())
    groups = {
        group: Int8Group(
            **asdict(errors[group]),
            weight_share=sizes[group] / sizes.total(),
            in_int8=taken.issuperset(names),
        )
        for group, names in members.items()
    }
    return {
        group: asdict(figures)
        for group, figures in sorted(groups.items(), key=lambda item: -item[1].error_share)
    }


def _unit_step(contract: ModelContract, call: Arrays) -> Arrays:
    """Let the transformer take a step of 1, so that the latents change by its velocity."""
    if contract is TEXT_ENCODER:
        return call
    return {**call, "sigma_next": call["sigma"] - np.float32(1)}


def measure(folder: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        measurement = Measurement(open_checkpoint(str(folder), None), Path(scratch))
        with measurement.runs(Precision.INT8) as runs:
            figures = measurement.figures(runs)
        groups = {
            contract.name: int8_groups(measurement, contract)
            for contract in (TEXT_ENCODER, TRANSFORMER)
        }
    return {"figures": figures, "groups": groups}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.int8_error",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--output", type=Path, default=RESULT, help="result file (default: %(default)s)"
    )
    arguments = parser.parse_args()
    diffusers.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as folder:
        wider = Path(folder) / "wider"
        write_random_checkpoint(wider, transformer=WIDE)
        models = {name: measure(path) for name, path in (("demo", DEMO), ("random, wider", wider))}
    result = {
        "command": "python -m benchmarks.int8_error",
        "machine": asdict(Machine.here()),
        "request": REQUEST.model_dump(),
        "models": models,
    }
    arguments.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
