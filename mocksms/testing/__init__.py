"""Tests of applications that send SMS: the pytest plugin and the handle. Both use only the inspection API."""
