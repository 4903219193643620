"""What mocksms costs, always as a ratio within one run: `python -m tests.benchmarks`."""
