"""HTTP connections of a mock: accepting, time limits, faults on the wire, forked processes."""
