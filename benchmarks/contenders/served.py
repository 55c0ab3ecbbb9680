"""Our engines in the real Triton: `python -m benchmarks.contenders.served CASE`. Needs no torch."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contenders.case import Case
from benchmarks.contenders.inputs import save_output
from benchmarks.contenders.worker import answer_questions
from frontend.triton import TritonClient
from ltx_triton.contract import Progress
from ltx_triton.local_triton import LocalTriton


class ServedEngines:
    """The commands of this worker. Seconds are wall-clock, gRPC included."""

    def __init__(self, case: Case, address: str) -> None:
        self._case = case
        self._address = address

    def outputs(self) -> None:
        """Keep the frames that Triton sends."""
        save_output(self._case, "triton", "request", asyncio.run(self._ask())[1])

    def request(self) -> float:
        """Seconds from the request to its last frame."""
        return asyncio.run(self._ask())[0]

    async def _ask(self) -> tuple[float, NDArray[Any]]:
        client = TritonClient(self._address)
        try:
            await client.not_ready_reason()  # connects
            started = time.perf_counter()
            stream = client.generate(self._case.request, request_id="benchmark")
            chunks = [piece async for piece in stream if not isinstance(piece, Progress)]
            return time.perf_counter() - started, np.concatenate(chunks)
        finally:
            await client.close()


def main() -> None:
    """Answer questions until there are none."""
    case = Case.load(Path(sys.argv[1]))
    with LocalTriton(case.repository) as triton:
        side = ServedEngines(case, triton.grpc_address)
        answer_questions({"outputs": side.outputs, "request": side.request})


if __name__ == "__main__":
    main()
