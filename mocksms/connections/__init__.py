"""HTTP connections of a mock: listening, accepting, time limits, faults on the wire, forked processes."""
