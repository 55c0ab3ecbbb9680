"""The HTTP API: jobs, limits, MP4 files and pages. A Triton client that knows no model."""
