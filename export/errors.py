"""The exporter's error."""


class ExportError(Exception):
    """The checkpoint or the export is wrong; says how, and what was expected, in one line."""
