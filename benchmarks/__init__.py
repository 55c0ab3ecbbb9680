"""Measurements: every figure in the documents comes from a result file written here."""
