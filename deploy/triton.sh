#!/bin/sh
# Starts Triton with nothing open that the frontend and Prometheus do not use. Further options are
# passed on.
set -eu

closed=shared-memory,model-repository,statistics,trace,logging
# What is closed opens to whoever knows this, and nobody does.
secret=$(cat /proc/sys/kernel/random/uuid)

exec tritonserver \
  --model-repository=/models \
  --model-control-mode=none \
  --strict-readiness=true \
  --exit-on-error=true \
  --exit-timeout-secs=30 \
  --http-restricted-api="$closed:closed=$secret" \
  --grpc-restricted-protocol="$closed:closed=$secret" \
  "$@"
