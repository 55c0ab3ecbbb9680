"""Triton model repositories: the template in `model_repository/` and what is served."""
