# The service without NVIDIA's images. Stage `api` is the HTTP API, for a Triton in another container;
# `cpu`, the default, has everything in it: the API, Triton from PyPI, the demo checkpoint's engines.

# 3.12 is the newest Python that this project is tested with. The tag follows Debian's and Python's
# security fixes; for an image that never changes, pass a digest.
ARG PYTHON_IMAGE=docker.io/library/python:3.12-slim

FROM $PYTHON_IMAGE AS api-packages
WORKDIR /opt/ltx
RUN python3 -m venv --without-pip /opt/venv
COPY constraints.txt .
RUN pip --python /opt/venv install --no-cache-dir --constraint constraints.txt \
      alembic fastapi fastapi-offline h11 httpx imageio-ffmpeg jinja2 numpy prometheus-client \
      psycopg[binary] pydantic-settings python-multipart sqlalchemy standardwebhooks tritonclient[grpc] \
      uvicorn
COPY deploy/trim.sh .
RUN ./trim.sh /opt/venv

FROM api-packages AS cpu-packages
# --no-deps: pytriton's own code and the downloads of tokenizers are not used.
RUN pip --python /opt/venv install --no-cache-dir --constraint constraints.txt \
      click find-libpython openvino psutil tqdm \
 && pip --python /opt/venv install --no-cache-dir --constraint constraints.txt --no-deps \
      nvidia-pytriton tokenizers \
 && ./trim.sh /opt/venv
ARG CPU_RUNTIME
RUN [ "$CPU_RUNTIME" != onnxruntime ] || pip --python /opt/venv install --no-cache-dir \
      --constraint constraints.txt onnxruntime
COPY ltx_triton ltx_triton
COPY model_repository model_repository
COPY demo/engines demo/engines
RUN /opt/venv/bin/python -m ltx_triton.repository

FROM $PYTHON_IMAGE AS base
WORKDIR /opt/ltx
RUN useradd --uid 1000 --create-home ltx && mkdir /outputs && chown ltx /outputs
ENV PATH=/opt/venv/bin:$PATH OUTPUT_DIR=/outputs PYTHONDONTWRITEBYTECODE=1
USER 1000
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=15m \
  CMD ["python", "-c", "import httpx; httpx.get('http://127.0.0.1:8000/health', trust_env=False).raise_for_status()"]

FROM base AS api
COPY --from=api-packages /opt/venv /opt/venv
COPY ltx_triton ltx_triton
COPY frontend frontend
COPY demo/__init__.py demo/
COPY demo/shapes demo/shapes
CMD ["python", "-m", "frontend"]

FROM base AS cpu
COPY --from=cpu-packages /opt/venv /opt/venv
COPY --from=cpu-packages /opt/ltx/build build
COPY ltx_triton ltx_triton
COPY frontend frontend
COPY ltx_command ltx_command
COPY demo/__init__.py demo/
COPY demo/shapes demo/shapes
CMD ["python", "-m", "ltx_command", "serve"]
