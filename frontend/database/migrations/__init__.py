"""The schema's revisions, for Alembic. A new one goes to `versions/`, and HEAD names it."""

BASELINE = "0001"  # what databases without a revision have
HEAD = "0002"
