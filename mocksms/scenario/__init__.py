"""Scenarios: files that say how the provider behaves, and what an account lived through as such a file."""
