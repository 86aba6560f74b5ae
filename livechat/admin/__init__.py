"""Windows for administrators; conversations change through the dashboard."""

from livechat.admin import (
    canned_responses,
    channels,
    conversations,
    deliveries,
    expertise,
    login_attempts,
    people,
    site,
    tags,
    webhooks,
)
