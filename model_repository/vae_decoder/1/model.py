"""The `vae_decoder` engine in the Python backend."""

from ltx_triton.contract import VAE_DECODER
from ltx_triton.engines.triton_model import EngineModel


class TritonPythonModel(EngineModel):
    """See `VAE_DECODER` for the tensors."""

    contract = VAE_DECODER
