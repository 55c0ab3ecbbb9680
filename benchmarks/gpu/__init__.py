"""TensorRT engines under Triton against PyTorch on one GPU: `python -m benchmarks.gpu`."""
