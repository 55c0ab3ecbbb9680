# The HTTP API. It installs less than pyproject.toml's defaults: it needs neither Triton's wheel nor
# an engine runtime.
FROM python:3.12-slim

WORKDIR /opt/ltx
COPY constraints.txt .
RUN pip install --no-cache-dir --constraint constraints.txt \
      alembic fastapi fastapi-offline h11 httpx imageio-ffmpeg jinja2 numpy prometheus-client pydantic-settings \
      python-multipart sqlalchemy tritonclient[grpc] uvicorn
COPY ltx_triton ltx_triton
COPY frontend frontend

RUN useradd --uid 1000 --create-home api && mkdir /outputs && chown api /outputs
USER 1000
ENV OUTPUT_DIR=/outputs PYTHONDONTWRITEBYTECODE=1
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=15m \
  CMD ["python", "-c", "import httpx; httpx.get('http://127.0.0.1:8000/health', trust_env=False).raise_for_status()"]
CMD ["python", "-m", "frontend"]
