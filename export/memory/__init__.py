"""Measure what videos cost in memory."""
