"""For tests of applications that send SMS: the handle on a mock, and the pytest plugin. A client of door 2."""
