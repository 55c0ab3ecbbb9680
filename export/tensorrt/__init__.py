"""ONNX engines in, TensorRT plans out: `python -m export.tensorrt`. Imports no torch."""
