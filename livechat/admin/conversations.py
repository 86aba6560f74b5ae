"""A read-only window on conversations."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from livechat.models import Conversation, Message, Participant


class ReadOnly:
    """Rows that change through the dashboard only."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class MessageInline(ReadOnly, TabularInline):
    model = Message
    fields = ("seq", "created_at", "author", "kind", "event", "text")
    ordering = ("seq",)
    extra = 0


class ParticipantInline(ReadOnly, TabularInline):
    model = Participant
    fields = ("display_name", "role", "joined_at", "left_at")
    extra = 0


@admin.register(Conversation)
class ConversationAdmin(ReadOnly, ModelAdmin):
    list_display = ("public_id", "channel", "state", "operator", "opened_at", "closed_at")
    list_select_related = ("channel", "operator__user")
    list_filter = ("state", "channel")
    date_hierarchy = "opened_at"
    inlines = (ParticipantInline, MessageInline)
