"""Shared by all HTTP applications: bodies, origins, connections, and the time of long operations."""
