"""TensorRT plans, run in the Python backend."""
