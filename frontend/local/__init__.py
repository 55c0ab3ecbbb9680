"""Run the whole service on this machine."""
