"""Paths that every client may read: monitoring asks for them, and they tell of no job."""

OPEN_PATHS = ("/health", "/metrics")
