"""``make bench``: throughput, latency and memory. Ratios matter, not absolute numbers.

The server under test has a core of its own; load generator, PostgreSQL and Redis share another.
Each aim is printed with its result; a missed aim does not fail the run.
"""
