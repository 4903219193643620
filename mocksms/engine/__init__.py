"""The engine: accounts, clocks and the processing of messages. Synchronous; without HTTP and asyncio."""
