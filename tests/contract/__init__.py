"""The contract fuzzer: schemathesis holds the mock against its own OpenAPI document."""
