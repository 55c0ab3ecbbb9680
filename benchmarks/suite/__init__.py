"""The parts of the suite, each in a file: `PARTS` in benchmarks/__main__.py names them."""
