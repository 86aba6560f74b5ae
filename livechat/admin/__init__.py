"""Livechat's pages in Django Admin. Conversations are read-only; the dashboard changes them."""

from livechat.admin import (
    canned_responses,
    channels,
    conversations,
    deliveries,
    expertise,
    extra_pages,
    login_attempts,
    people,
    tags,
    webhooks,
)
