"""ASGI middleware that refuses requests, each for one reason."""
