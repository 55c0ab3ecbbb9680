"""Code shared by the Triton models, the exporter and the frontend."""
