"""Model Context Protocol: the mock as tools for agents."""
