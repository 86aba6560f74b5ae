"""``make bench``: how fast, how patient, how small. Ratios count, not absolute figures.

The server under test has one core for itself; load generator, PostgreSQL and Redis share the
other. Aims are printed beside the figures; a missed aim fails nothing.
"""
