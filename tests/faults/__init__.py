"""Faults, injected into a running service for real, and what has become of its jobs.

`make test-faults` runs every scenario and writes docs/reliability.md.
"""
