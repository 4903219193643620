"""mocksms: a stand-in for inwise's transactional SMS API that behaves like the real service."""
