"""ONNX engines in, TensorRT plans out: `python -m export.tensorrt`. Needs neither torch nor diffusers."""
