"""Random checkpoints of any size, for tests and measurements."""
