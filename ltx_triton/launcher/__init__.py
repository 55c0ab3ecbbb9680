"""The real Triton from a wheel, for machines without containers."""
