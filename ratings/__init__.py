"""What visitors thought of it."""
