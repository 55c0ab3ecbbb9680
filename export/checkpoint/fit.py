"""Check that the components of a checkpoint go together."""

from export.checkpoint.checkpoint import Checkpoint
from export.errors import ExportError


def require_fit(checkpoint: Checkpoint) -> None:
    """Raise ExportError unless transformer, VAE and text encoder agree on their channels."""
    transformer = checkpoint.config("transformer")
    where = checkpoint.place("transformer")
    latent_channels = checkpoint.config("vae").get("latent_channels", 128)
    if transformer.get("in_channels", 128) != latent_channels:
        raise ExportError(
            f"{where}: in_channels is not {latent_channels}, the latent_channels of the VAE in "
            f"{checkpoint.place('vae')}"
        )
    text_encoder = checkpoint.config("text_encoder")
    kind = text_encoder.get("model_type", "t5")
    if kind != "t5" or "d_model" not in text_encoder:
        raise ExportError(
            f"{checkpoint.place('text_encoder')}: model_type is {kind}, expected t5 with d_model: "
            "take the encoder of T5 v1.1 XXL"
        )
    d_model = text_encoder["d_model"]
    if transformer.get("caption_channels", 4096) != d_model:
        raise ExportError(
            f"{where}: caption_channels is not {d_model}, the width of the text encoder in "
            f"{checkpoint.place('text_encoder')}"
        )
