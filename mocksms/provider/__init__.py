"""The emulated API, as the application under test sees it."""
