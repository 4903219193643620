"""The domain: numbers, texts, messages and their life. Pure; standard library only."""
