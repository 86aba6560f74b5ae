"""Ratings of conversations by visitors. Not implemented yet: this app is empty."""
