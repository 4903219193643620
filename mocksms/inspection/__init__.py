"""The inspection API under `/_mock`, for tests in any language."""
