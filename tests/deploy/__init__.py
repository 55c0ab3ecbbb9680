"""Checks of what runs in containers, without a container engine."""
