"""Scenarios: files that define how the provider behaves, and the history of an account as such a file."""
