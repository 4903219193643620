"""Callbacks out: one guarded client, and the courier that delivers with it."""
