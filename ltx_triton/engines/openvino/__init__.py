"""`model.onnx` in OpenVINO on the CPU."""
