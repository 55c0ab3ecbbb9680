"""The HTTP API: requests in, responses and errors out."""
