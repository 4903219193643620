"""What happens to a message: clock, accounts, decisions. Synchronous; knows neither HTTP nor asyncio."""
