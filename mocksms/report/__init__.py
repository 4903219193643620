"""The HTML page of `mocksms report`: what a mock recorded, and why a test failed."""
