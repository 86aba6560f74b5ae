"""The composition root: may import everything, is imported by nobody."""
