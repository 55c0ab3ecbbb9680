"""Run by Alembic, on the connection and in the transaction of `frontend.database.upgrade`."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
