"""The schema's revisions, for Alembic. A new one goes to `versions/`, and HEAD names it."""

BASELINE = "0001"  # of databases without a revision
HEAD = "0007"
