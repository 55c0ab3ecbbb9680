# Triton with what the Python models import. It serves TensorRT engines with its own backend, and
# ONNX engines on the CPU with OpenVINO or ONNX Runtime in the Python backend.
#
# 26.06 is the first release without known holes in the Python backend and the HTTP front. 26.09 is
# the release of the client in constraints.txt. The exporter's image has to name the same one.
FROM nvcr.io/nvidia/tritonserver:26.09-py3

# Without constraints.txt: what else the image holds is to stay as it is. Its Python is the one that
# Triton's stubs run, so this goes into it and not into an environment of its own.
ENV PIP_BREAK_SYSTEM_PACKAGES=1
RUN pip install --no-cache-dir \
      cuda-python==12.9.10 numpy==1.26.4 onnxruntime==1.32.0 openvino==2026.4.1 psutil==7.2.2 \
      pydantic==2.14.3 tokenizers==0.23.3

COPY deploy/triton.sh /opt/ltx/
COPY ltx_triton /opt/ltx/ltx_triton
ENV PYTHONPATH=/opt/ltx PYTHONDONTWRITEBYTECODE=1
USER 1000

# Loading the engines of a large checkpoint takes minutes.
HEALTHCHECK --interval=10s --timeout=5s --start-period=15m \
  CMD ["curl", "--fail", "--silent", "--show-error", "--noproxy", "*", "http://127.0.0.1:8000/v2/health/ready"]
CMD ["/opt/ltx/triton.sh"]
