# Triton with what the Python models import. 26.06 is the first release without known holes in the
# Python backend and the HTTP front.
FROM nvcr.io/nvidia/tritonserver:26.09-py3

RUN pip install --no-cache-dir onnxruntime==1.32.0 psutil==7.2.2 tokenizers==0.23.3

COPY ltx_triton /opt/ltx/ltx_triton
ENV PYTHONPATH=/opt/ltx
USER triton-server

CMD ["tritonserver", "--model-repository=/models", "--model-control-mode=none", \
     "--strict-readiness=true", "--exit-timeout-secs=30", \
     "--backend-config=python,shm-region-prefix-name=ltx_triton_", \
     "--http-restricted-api=shared-memory,model-repository,statistics,trace,logging:admin=off", \
     "--grpc-restricted-protocol=shared-memory,model-repository,statistics,trace,logging:admin=off"]
