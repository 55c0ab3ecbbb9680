"""The `transformer` engine in the Python backend."""

from ltx_triton.contract import TRANSFORMER
from ltx_triton.engines.triton_model import EngineModel


class TritonPythonModel(EngineModel):
    """See `TRANSFORMER` for the tensors."""

    contract = TRANSFORMER
