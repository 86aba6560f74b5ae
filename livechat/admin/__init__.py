"""Windows for administrators; conversations change through the dashboard."""

from livechat.admin import (
    canned,
    channels,
    conversations,
    deliveries,
    expertise,
    pages,
    people,
    sign_ins,
    site,
    tags,
    webhooks,
)

__all__ = [
    "canned",
    "channels",
    "conversations",
    "deliveries",
    "expertise",
    "pages",
    "people",
    "sign_ins",
    "site",
    "tags",
    "webhooks",
]
