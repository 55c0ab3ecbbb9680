"""The `text_encoder` engine in the Python backend."""

from ltx_triton.contract import TEXT_ENCODER
from ltx_triton.engines.triton_model import EngineModel


class TritonPythonModel(EngineModel):
    """See `TEXT_ENCODER` for the tensors."""

    contract = TEXT_ENCODER
