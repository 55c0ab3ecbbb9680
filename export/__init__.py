"""Export a diffusers checkpoint to engines in a model repository."""
