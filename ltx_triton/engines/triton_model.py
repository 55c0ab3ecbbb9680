"""The Triton Python model of `text_encoder`, `transformer` and `vae_decoder`.

Importable only inside Triton's Python stub, which provides `triton_python_backend_utils`.
"""

import json
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import triton_python_backend_utils as pb_utils

from ltx_triton.contract import TEXT_ENCODER, ModelContract
from ltx_triton.engines.device import select_device
from ltx_triton.engines.open import open_session
from ltx_triton.engines.session import EngineSession
from ltx_triton.engines.unloading import UnloadingSession
from ltx_triton.parent_process import exit_after_parent


class EngineModel:
    """Runs the requests that the dynamic batcher has grouped as one batch."""

    contract: ClassVar[ModelContract]

    def initialize(self, args: dict[str, str]) -> None:
        # Triton's own check hangs if the server was killed while it held a lock that they share.
        exit_after_parent()
        folder = Path(args["model_repository"]) / args["model_version"]
        self._session = _open(folder, self.contract)
        family = pb_utils.MetricFamily(
            name="ltx_engine_memory_bytes",
            description="Device memory that the engine uses, in bytes",
            kind=pb_utils.MetricFamily.GAUGE,
        )
        self._memory_metric = family.Metric(
            labels={"model": self.contract.name, "device": select_device(folder).kind}
        )
        self._memory_family = family  # keeps the metric alive
        self._reported_bytes = 0
        self._report_memory()

    def execute(self, requests: list[Any]) -> list[Any]:
        try:
            inputs = {
                tensor.name: np.concatenate(
                    [
                        pb_utils.get_input_tensor_by_name(request, tensor.name).as_numpy()
                        for request in requests
                    ]
                )
                for tensor in self.contract.inputs
            }
            # The decoder has no batches, and those of the text encoder have the same parameters.
            parameters = json.loads(requests[0].parameters() or "{}")
            outputs = self._session.run(inputs, parameters)
        except Exception as error:
            failure = pb_utils.TritonError(f"{self.contract.name}: {error}")
            return [pb_utils.InferenceResponse([], failure) for _ in requests]
        self._report_memory()

        responses = []
        first = 0
        for request in requests:
            batched_input = pb_utils.get_input_tensor_by_name(request, self.contract.inputs[0].name)
            last = first + batched_input.shape()[0]
            tensors = [pb_utils.Tensor(name, array[first:last]) for name, array in outputs.items()]
            responses.append(pb_utils.InferenceResponse(tensors))
            first = last
        return responses

    def _report_memory(self) -> None:
        size = self._session.memory_bytes()
        if size != self._reported_bytes:  # setting it is a call to Triton's process
            self._memory_metric.set(size)
            self._reported_bytes = size


def _open(folder: Path, contract: ModelContract) -> EngineSession:
    engine = partial(open_session, folder, contract)
    return UnloadingSession(engine) if contract == TEXT_ENCODER else engine()
