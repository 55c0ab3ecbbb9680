"""Compare TensorRT engines in Triton with PyTorch on one GPU: `python -m benchmarks.gpu`."""
