"""Plans in TensorRT, in the Python backend."""
