"""Baselines, each in its own process: the engines in process and in Triton, and diffusers."""
