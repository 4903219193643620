"""Clients that are generated from the OpenAPI document, each playing the README's story."""
