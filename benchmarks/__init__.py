"""Measurements. Every measured figure in the documents comes from a file written here."""
