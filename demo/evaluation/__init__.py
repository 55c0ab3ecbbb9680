"""Judges what a clip of the demo checkpoint's world shows, from its pixels."""
