"""Door 1: the emulated API, as the application under test sees it."""
