"""Conversations between visitors and operators. Imports no other app of the project."""
