# The exporter, with the very TensorRT that will run its engines: an engine fits no other build.
FROM nvcr.io/nvidia/tritonserver:26.09-py3

WORKDIR /opt/ltx
# An environment of its own: pip cannot replace what the distribution has installed.
RUN virtualenv /opt/venv
ENV PATH=/opt/venv/bin:$PATH

# Torch works on the CPU here. Name an index of CPU builds to be spared its CUDA libraries.
ARG PIP_EXTRA_INDEX_URL
COPY constraints.txt .
RUN pip install --no-cache-dir --constraint constraints.txt \
      accelerate cuda-python diffusers huggingface-hub ml-dtypes numpy onnx onnx-ir \
      onnxruntime onnxscript psutil \
      protobuf pydantic-settings safetensors sentencepiece tokenizers torch tqdm transformers \
      tritonclient[grpc]

# The Python side of the image's library: the bindings, and the package that names them `tensorrt`.
# What they depend on would bring a second library, of another build.
COPY deploy/tensorrt_version.py .
RUN version=$(python tensorrt_version.py) \
 && pip install --no-cache-dir --no-deps \
      "tensorrt-cu13-bindings==$version.*" "tensorrt-cu13==$version.*" \
 && python -c "import tensorrt"

COPY ltx_triton ltx_triton
COPY export export
COPY model_repository model_repository

RUN mkdir /cache && chown 1000 /cache
USER 1000
# Files too large for memory go to the cache as well.
ENV MODEL_CACHE_DIR=/cache/checkpoints HF_HOME=/cache/huggingface TMPDIR=/cache \
    PYTHONDONTWRITEBYTECODE=1
CMD ["python", "-m", "export", "--help"]
