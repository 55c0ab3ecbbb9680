"""From a diffusers checkpoint to engines in the model repository."""
