"""Webhooks: signed events that tell a client's server of its finished jobs."""
