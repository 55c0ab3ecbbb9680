"""ONNX graphs with their weights."""
