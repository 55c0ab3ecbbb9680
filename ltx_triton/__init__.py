"""What the Triton models, the exporter and the frontend share."""
