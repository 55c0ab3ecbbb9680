"""The error of TensorRT."""


class TensorRtError(RuntimeError):
    """TensorRT is missing, unsupported or failed; the message quotes its own error."""
