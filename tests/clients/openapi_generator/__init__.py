"""Clients made by openapi-generator; a step of its own: `pytest tests/clients/openapi_generator` needs a JDK."""
