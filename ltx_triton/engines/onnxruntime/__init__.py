"""`model.onnx` in ONNX Runtime on the CPU."""
