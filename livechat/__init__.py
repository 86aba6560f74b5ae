"""Conversations between visitors and operators. Knows no other app of the project."""
