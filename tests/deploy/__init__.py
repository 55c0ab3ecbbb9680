"""Checks of what runs in containers."""
