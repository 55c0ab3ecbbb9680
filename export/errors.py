"""What the exporter says when it cannot go on."""


class ExportError(Exception):
    """Names what is wrong with the checkpoint or the export, and what was expected, in one line."""
