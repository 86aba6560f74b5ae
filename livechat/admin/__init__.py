"""Windows for administrators; conversations change through the dashboard."""

from livechat.admin import canned, channels, conversations, expertise, pages, people, tags

__all__ = ["canned", "channels", "conversations", "expertise", "pages", "people", "tags"]
