"""Reasons in the answers of `GET /health` that the launcher of the local stack acts on."""

ENGINES_FAIL = "the engines no longer work"
