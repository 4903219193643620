"""`mocksms compare`: whether a service responds as the mock does, and which settings make the mock respond like it."""
