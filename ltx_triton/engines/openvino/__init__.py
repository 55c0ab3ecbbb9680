"""`model.onnx` in OpenVINO on the CPU."""

import sys

# With it an import of OpenVINO tells Google Analytics, and writes an identity into the home folder.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
