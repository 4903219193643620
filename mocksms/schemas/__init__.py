"""Schemas: types that people write, validation issues, and the OpenAPI document."""
