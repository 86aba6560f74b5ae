"""Facts for higher apps, sent after commit by `events.py` with `send_robust`.

Receivers get ids, not rows: what they need they read themselves, in their own transaction.
"""

from django.dispatch import Signal

conversation_opened = Signal()
"""A conversation began. Arguments: `conversation` (pk)."""

conversation_closed = Signal()
"""A conversation ended. Arguments: `conversation` (pk)."""
