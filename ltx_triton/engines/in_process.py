"""Engines in this process, to run the denoising loop without a server."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ltx_triton.contract import ENGINES, ModelContract
from ltx_triton.engines.open import open_session
from ltx_triton.engines.session import Arrays
from ltx_triton.repository.layout import version_folder


class InProcessEngines:
    """Calls the engines of a model repository directly. Implements `Engines`."""

    def __init__(self, repository: Path) -> None:
        self._sessions = {
            model.name: open_session(version_folder(repository, model), model) for model in ENGINES
        }

    async def run(self, model: ModelContract, inputs: Arrays) -> dict[str, NDArray[Any]]:
        return self._sessions[model.name].run(inputs)
