"""Reads everybody, is read by nobody."""
