"""Code shared by the Triton models, the exporter and the frontend."""

__version__ = "0.1.0"
