"""Read-only mocks: what `mocksms open` shows, a file or the traces of a folder."""
