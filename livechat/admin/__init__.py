"""Windows for administrators; conversations change through the dashboard."""

from livechat.admin import (
    canned,
    channels,
    conversations,
    expertise,
    pages,
    people,
    sign_ins,
    tags,
)

__all__ = [
    "canned",
    "channels",
    "conversations",
    "expertise",
    "pages",
    "people",
    "sign_ins",
    "tags",
]
