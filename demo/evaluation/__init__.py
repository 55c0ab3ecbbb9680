"""Classify what clips of the demo checkpoint show, and score them against their prompts."""
