"""Traced modules to ONNX graphs."""
