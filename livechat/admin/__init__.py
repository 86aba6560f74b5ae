"""Windows for administrators; conversations change through the dashboard."""

from livechat.admin import (
    canned_responses,
    channels,
    conversations,
    deliveries,
    expertise,
    login_attempts,
    pages,
    people,
    site,
    tags,
    webhooks,
)
