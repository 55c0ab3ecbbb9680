"""The database that all workers share: transactions, gates and the schema."""
