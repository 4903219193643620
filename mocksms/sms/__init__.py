"""The domain: phone numbers, texts, messages and their states. No I/O; standard library only."""
