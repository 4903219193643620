"""Snapshots: the state of accounts as a zip of JSON lines."""
