"""Triton from the nvidia-pytriton wheel, for machines without containers."""
