"""Channels with their operators and rules."""

from django.contrib import admin
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from livechat.models import Channel, ChannelRule, Membership


class MembershipInline(TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("operator",)


class ChannelRuleInline(TabularInline):
    model = ChannelRule
    extra = 0
    exclude = ("responder", "responder_condition")


@admin.register(Channel)
class ChannelAdmin(ModelAdmin):
    """One site or team: operators, look, rules."""

    list_display = ("name", "slug", "is_active")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("key",)
    inlines = (MembershipInline, ChannelRuleInline)
    formfield_overrides = {
        **ModelAdmin.formfield_overrides,
        models.URLField: {
            **ModelAdmin.formfield_overrides.get(models.URLField, {}),
            "assume_scheme": "https",
        },
    }

    def save_related(
        self, request: HttpRequest, form: ModelForm, formsets: object, change: bool
    ) -> None:
        """A new channel has its creator as operator (`odoo19.md` §1.1)."""
        super().save_related(request, form, formsets, change)
        operator = getattr(request.user, "operator", None)
        if not change and operator is not None and operator.is_enabled:
            Membership.objects.get_or_create(channel=form.instance, operator=operator)
