"""The domain: phone numbers, texts, messages and their states. Pure; standard library only."""
