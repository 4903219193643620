"""Audit: runs tests again while the provider misbehaves, and says what the application does."""
