"""The web UI: the inbox at `/` and the API reference at `/docs`, as static files."""
