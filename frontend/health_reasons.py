"""Reasons in the answers of `GET /health` that the launcher of the local stack acts on."""

DISK_FULL = "the disk of OUTPUT_DIR is full"
ENGINES_FAIL = "the engines no longer work"
