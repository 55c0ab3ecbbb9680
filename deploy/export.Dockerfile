# The exporter, with the TensorRT build that will run its engines: they load in no other.
ARG TRITON_IMAGE=nvcr.io/nvidia/tritonserver:26.11-py3
FROM $TRITON_IMAGE

WORKDIR /opt/ltx
# A virtual environment, because pip cannot replace the distribution's packages.
RUN virtualenv /opt/venv
ENV PATH=/opt/venv/bin:$PATH

# Torch calibrates FP8, on the GPU if it can: on a CPU that takes hours for the 13B. Without FP8,
# pass an index of CPU builds to avoid its CUDA libraries.
ARG PIP_EXTRA_INDEX_URL
COPY constraints.txt .
RUN pip install --no-cache-dir --constraint constraints.txt \
      accelerate cuda-python diffusers httpx2 huggingface-hub ml-dtypes numpy onnx onnx-ir \
      onnxruntime onnxscript openvino psutil \
      protobuf pydantic-settings safetensors sentencepiece tokenizers torch tqdm transformers \
      tritonclient[grpc]

# Python bindings for the image's TensorRT library, and the package that exposes them as `tensorrt`.
# --no-deps: their dependencies would install a second library, from another build.
COPY deploy/tensorrt_version.py .
RUN version=$(python tensorrt_version.py) \
 && { pip install --no-cache-dir --no-deps \
        "tensorrt-cu13-bindings==$version.*" "tensorrt-cu13==$version.*" \
      || { echo "PyPI has no Python bindings of TensorRT $version. Take another release of Triton" \
             "for both images: TRITON_IMAGE=nvcr.io/nvidia/tritonserver:YY.MM-py3"; exit 1; }; } \
 && python -c "import tensorrt"

COPY ltx_triton ltx_triton
COPY export export
COPY model_repository model_repository

RUN mkdir -p /cache/checkpoints && chown -R 1000 /cache
USER 1000
# TMPDIR: some temporary files are too large for a /tmp in memory.
ENV MODEL_CACHE_DIR=/cache/checkpoints HF_HOME=/cache/huggingface TMPDIR=/cache \
    PYTHONDONTWRITEBYTECODE=1
CMD ["python", "-m", "export", "--help"]
