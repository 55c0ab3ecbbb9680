"""The parts of the suite, one per file."""
