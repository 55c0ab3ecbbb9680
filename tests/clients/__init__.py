"""The clients that people point at such a server, unmodified, against the running service."""
