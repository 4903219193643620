"""Webhooks: payloads of callbacks, and the dispatcher that delivers them."""
