"""Signals for higher apps; `events.py` sends them after the commit with `send_robust`.

Receivers get pks, not rows, and read what they need in their own transaction.
"""

from django.dispatch import Signal

conversation_opened = Signal()
"""A conversation began. Arguments: `conversation` (pk)."""

conversation_closed = Signal()
"""A conversation ended. Arguments: `conversation` (pk)."""
