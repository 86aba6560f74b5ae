"""Windows for administrators; conversations change through the dashboard."""

from livechat.admin import channels, conversations, people

__all__ = ["channels", "conversations", "people"]
