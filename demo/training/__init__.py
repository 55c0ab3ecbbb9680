"""Trains the demo checkpoint: LTX-Video's own classes, small, on the world's clips."""
