"""Engines compared with PyTorch."""
