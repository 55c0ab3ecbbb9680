#!/bin/sh
# Starts Triton with nothing open that the frontend and Prometheus do not use. Further options are
# passed on.
#
# --disable-auto-complete-config: the configs are complete, and to complete one Triton would read and
# deserialise the whole plan a first time.
# --grpc-http2-max-ping-strikes: the frontend pings through long silent stages, for which Triton
# would end its stream.
set -eu

closed=shared-memory,model-repository,statistics,trace,logging
# What is closed opens to whoever knows this, and nobody does.
secret=$(cat /proc/sys/kernel/random/uuid)

exec tritonserver \
  --model-repository=/models \
  --model-control-mode=none \
  --disable-auto-complete-config \
  --strict-readiness=true \
  --exit-on-error=true \
  --exit-timeout-secs=30 \
  --grpc-http2-max-ping-strikes=0 \
  --http-restricted-api="$closed:closed=$secret" \
  --grpc-restricted-protocol="$closed:closed=$secret" \
  "$@"
