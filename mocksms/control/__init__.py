"""Door 2: the inspection API under `/_mock`, for tests in any language."""
