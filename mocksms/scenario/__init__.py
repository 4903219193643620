"""Scenarios: files with rules for the emulated API. The history of an account can be written as a scenario."""
