"""Files of an export, staged and published into a model repository."""
