"""Prompt to frames: the denoising loop and what it knows of its checkpoint."""
