"""Answers first, hands over to a person when it must."""
