# Triton with the Python models' dependencies. It serves TensorRT engines with its own backend, and
# ONNX engines on the CPU with OpenVINO in the Python backend.
#
# 26.06 is the first release without known vulnerabilities in the Python backend and the HTTP
# frontend; 26.07 fixes a deadlock and a use after free in the calls from `ltx_video` to the engines,
# 26.11 a use after free in the dynamic batcher and silently cancelled gRPC streams. Keep the
# exporter's image at the same one.
ARG TRITON_IMAGE=nvcr.io/nvidia/tritonserver:26.11-py3
FROM $TRITON_IMAGE

# Not constrained by constraints.txt, to leave the image's other packages unchanged. Triton's stubs
# run the system's Python, so a virtual environment would not be found.
ENV PIP_BREAK_SYSTEM_PACKAGES=1
RUN pip install --no-cache-dir \
      cuda-python==12.9.10 numpy==1.26.4 openvino==2026.4.1 psutil==7.2.2 \
      pydantic==2.14.3 pydantic-settings==2.16.3 tokenizers==0.23.3
ARG CPU_RUNTIME
RUN [ "$CPU_RUNTIME" != onnxruntime ] || pip install --no-cache-dir onnxruntime==1.32.0

COPY deploy/triton.sh /opt/ltx/
COPY ltx_triton /opt/ltx/ltx_triton
ENV PYTHONPATH=/opt/ltx PYTHONDONTWRITEBYTECODE=1
# Return freed buffers of a mebibyte and more to the system at once, and keep few arenas: or glibc
# holds on to the frames of past requests.
ENV MALLOC_MMAP_THRESHOLD_=1048576 MALLOC_ARENA_MAX=2
# The home folder cannot be written to: CUDA would compile kernels anew for every process.
ENV CUDA_CACHE_PATH=/tmp/cuda
USER 1000

# Loading the engines of a large checkpoint takes minutes.
HEALTHCHECK --interval=10s --timeout=5s --start-period=15m \
  CMD ["curl", "--fail", "--silent", "--show-error", "--noproxy", "*", "http://127.0.0.1:8000/v2/health/ready"]
CMD ["/opt/ltx/triton.sh"]
