"""The `transformer` engine in the Python backend."""

from ltx_triton.contract import TRANSFORMER
from ltx_triton.engine_model import EngineModel


class TritonPythonModel(EngineModel):
    """See `TRANSFORMER` for the tensors."""

    contract = TRANSFORMER
