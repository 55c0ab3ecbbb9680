#!/bin/sh
# Start Triton with only the APIs that the frontend and Prometheus use. Arguments are passed to it.
#
# --disable-auto-complete-config: the configs are complete; auto-completion would deserialise each
# plan an extra time.
# --grpc-http2-max-ping-strikes: the frontend pings during long silent stages, and Triton would end
# its stream for that.
# --grpc-infer-allocation-pool-size: the server would keep the messages of past requests, all frames
# of a long video.
set -eu

closed=shared-memory,model-repository,statistics,trace,logging
# Restricted APIs require this secret, which is random and known to nobody.
secret=$(cat /proc/sys/kernel/random/uuid)

exec tritonserver \
  --model-repository=/models \
  --model-control-mode=none \
  --disable-auto-complete-config \
  --strict-readiness=true \
  --exit-on-error=true \
  --exit-timeout-secs=30 \
  --grpc-http2-max-ping-strikes=0 \
  --grpc-infer-allocation-pool-size=0 \
  --http-restricted-api="$closed:closed=$secret" \
  --grpc-restricted-protocol="$closed:closed=$secret" \
  "$@"
