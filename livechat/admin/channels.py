"""Channels with their operators and rules."""

from django.contrib import admin
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action

from livechat.admin.url_test import url_test
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
    actions_detail = ("test_a_url",)
    formfield_overrides = {
        **ModelAdmin.formfield_overrides,
        models.URLField: {
            **ModelAdmin.formfield_overrides.get(models.URLField, {}),
            "assume_scheme": "https",
        },
    }

    @action(description=_("Test a URL"), url_path="test-url", permissions=["view"])  # type: ignore[untyped-decorator]
    def test_a_url(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return url_test(self, request, object_id)

    def save_related(
        self, request: HttpRequest, form: ModelForm, formsets: object, change: bool
    ) -> None:
        """A new channel has its creator as operator (`odoo19.md` §1.1)."""
        super().save_related(request, form, formsets, change)
        operator = getattr(request.user, "operator", None)
        if not change and operator is not None and operator.is_enabled:
            Membership.objects.get_or_create(channel=form.instance, operator=operator)
