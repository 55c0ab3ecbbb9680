#!/bin/sh
# Remove from a virtual environment what a service on a CPU cannot load: trim.sh ENVIRONMENT
set -eu
python=$(basename "$1"/lib/python3.*)
cd "$1/lib/$python/site-packages"

# For compilers, type checkers and test runners.
find . -depth -type d \( -name include -o -name tests \) -exec rm -r {} +
find . -name '*.pyi' -delete

# OpenVINO opens the plugin of a device and the frontend of a file format when it is asked for them.
[ -d openvino ] || exit 0
find openvino/libs \( -name '*_plugin.so' -o -name '*_frontend.so*' -o -name cache.json \) \
  ! -name '*_cpu_plugin.so' ! -name '*_onnx_frontend.so*' -delete

# Triton's wheel has a stub for each version of Python, and the libraries of them all.
cd pytriton/tritonserver
find python_backend_stubs -mindepth 1 -maxdepth 1 ! -name "${python#python}" -exec rm -r {} +
linked=$(find . \( -name tritonserver -o -name '*.so' -o -name '*_stub' \) -type f -exec ldd {} +)
for library in ../../nvidia_pytriton.libs/*; do
  case $linked in
    *"/$(basename "$library")"*) ;;
    *) rm "$library" ;;
  esac
done
