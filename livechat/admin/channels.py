"""Channels: the list, and the form with four tabs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm, Fieldset, InlineAdminFormSet
from django.db import models
from django.db.models import Count, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import ModelChoiceField, ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django_countries import countries
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display

from livechat import responder_registry
from livechat.admin import channel_form, widget_tab
from livechat.admin.channel_form import ChannelForm
from livechat.admin.channel_rows import MembershipForm, OperatorSelect, Rows, RuleForm
from livechat.admin.history import ChangeLogMixin
from livechat.admin.url_test import url_test
from livechat.admin.visibility import ReaderTimeZoneMixin
from livechat.domain import colours
from livechat.models import Channel, ChannelRule, Conversation, Embedding, Membership
from livechat.services import channels as services


class MembershipInline(TabularInline):
    model = Membership
    form = MembershipForm
    formset = Rows
    extra = 0
    autocomplete_fields = ("operator",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        rows: QuerySet[Membership] = super().get_queryset(request)
        return rows.select_related("operator__user").order_by("pk")

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        if db_field.name == "operator":
            kwargs["widget"] = OperatorSelect(db_field, self.admin_site)
        field: ModelChoiceField | None = super().formfield_for_foreignkey(
            db_field, request, **kwargs
        )
        return field


class ChannelRuleInline(TabularInline):
    """The rules of a channel. The columns for bots appear only if there are bots."""

    model = ChannelRule
    form = RuleForm
    formset = Rows
    extra = 0

    def get_fields(self, request: HttpRequest, obj: Channel | None = None) -> tuple[str, ...]:
        bots = ("responder", "responder_condition") if responder_registry.choices() else ()
        return (*RuleForm.Meta.fields, *bots)

    def get_formset(
        self, request: HttpRequest, obj: Channel | None = None, **kwargs: Any
    ) -> type[Rows]:
        made: type[Rows] = super().get_formset(request, obj, **kwargs)
        ready = responder_registry.ready()
        made.form.responder_choices = [
            (key, label if key in ready else str(_("%(bot)s (not ready)")) % {"bot": label})
            for key, label in responder_registry.choices()
        ]
        return made


@dataclass
class Tab:
    """A tab of the form: groups of fields, the inline rows below them, and the number of errors."""

    key: str
    label: Any
    groups: list[Fieldset] = field(default_factory=list)
    rows: InlineAdminFormSet | None = None
    errors: int = 0


TABS = (
    ("operators", _("Operators")),
    ("options", _("Options")),
    ("rules", _("Channel Rules")),
    ("widget", _("Widget")),
)


PROTECTED = 20
"""The maximum number of rows shown when they prevent the deletion of a channel."""


@admin.register(Channel)
class ChannelAdmin(ReaderTimeZoneMixin, ChangeLogMixin, ModelAdmin):
    """A channel is one website or team: its operators, appearance and rules."""

    form = ChannelForm
    list_display = ("name", "is_active", "operator_count", "session_count", "seen")
    search_fields = ("name__search_text", "slug__search_text")
    list_filter = ("is_active",)
    prepopulated_fields = {"slug": ("name",)}
    inlines = (MembershipInline, ChannelRuleInline)
    actions_detail = ("test_a_url",)
    compressed_fields = False
    # The class of a group is the key of its tab. The first group is above the tabs.
    fieldsets = (
        (None, {"fields": ("name", "slug", "is_active")}),
        (
            None,
            {
                "classes": ("operators",),
                "fields": (
                    "max_sessions_mode",
                    "max_sessions",
                    "max_chats_per_address",
                    "may_join",
                    "block_assignment_during_call",
                ),
            },
        ),
        (
            _("Live Chat Button"),
            {
                "classes": ("options",),
                "fields": (
                    "button_text",
                    "button_background_color",
                    "button_text_color",
                    "button_position",
                    "button_offset_x",
                    "button_offset_y",
                    "absence",
                ),
            },
        ),
        (
            _("Live Chat Window"),
            {
                "classes": ("options",),
                "fields": (
                    "welcome_message",
                    "suggestions",
                    "input_placeholder",
                    "header_background_color",
                    "title_color",
                    "theme",
                    "language",
                    "privacy_link",
                ),
            },
        ),
        (
            _("Files"),
            {
                "classes": ("options",),
                "fields": ("file_set", "max_file_megabytes", "max_files"),
            },
        ),
        (
            _("Waiting times"),
            {"classes": ("options",), "fields": ("amber_after", "red_after")},
        ),
        (
            _("Other contact"),
            {
                "classes": ("options",),
                # The columns review_link, is_published, publish_comments and see_visitors are
                # missing until there is code that reads them.
                "fields": ("contact_hint",),
            },
        ),
        (_("Other languages"), {"classes": ("options",), "fields": ("translations",)}),
        (None, {"classes": ("widget",), "fields": ("allowed_origins",)}),
    )
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

    @display(description=_("Operators"), ordering="operator_count")  # type: ignore[untyped-decorator]
    def operator_count(self, channel: Any) -> int:
        return int(channel.operator_count)

    @display(description=_("Sessions"), ordering="session_count")  # type: ignore[untyped-decorator]
    def session_count(self, channel: Any) -> int:
        return int(channel.session_count)

    @display(description=_("Last seen on a website"), ordering="seen", empty_value=_("Never"))  # type: ignore[untyped-decorator]
    def seen(self, channel: Any) -> datetime | None:
        seen: datetime | None = channel.seen
        return seen

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/qr.svg",
                view(partial(widget_tab.qr_svg, self)),
                name="livechat_channel_qr",
            ),
            path(
                "<int:pk>/qr/",
                view(partial(widget_tab.qr_page, self)),
                name="livechat_channel_qr_page",
            ),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        """Annotate the rows with their counts for the list; a single channel needs none."""
        channels: QuerySet[Channel] = super().get_queryset(request)
        match = request.resolver_match
        if match is None or match.url_name != "livechat_channel_changelist":
            return channels
        return channels.annotate(
            operator_count=_figure(Membership.objects.enabled(), Count("pk"), 0),
            session_count=_figure(Conversation.objects.all(), Count("pk"), 0),
            seen=_figure(Embedding.objects.all(), Max("last_at")),
        )

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Channel | None:
        """Return the channel, locked for a POST so that the form can compare its revision."""
        channel: Channel | None = super().get_object(request, object_id, from_field)
        if channel is None or request.method != "POST":
            return channel
        return services.locked(channel.pk)

    def save_model(self, request: HttpRequest, obj: Channel, form: ModelForm, change: bool) -> None:
        services.save(obj)
        self._warn_of_colours(request, obj)

    def save_related(
        self, request: HttpRequest, form: ModelForm, formsets: object, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        if not change:
            services.add_creator(form.instance, getattr(request.user, "operator", None))

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """If conversations protect the channel, report only them, not missing permissions too."""
        found, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return found, counts, set() if protected else lacking, protected[:PROTECTED]

    def delete_model(self, request: HttpRequest, obj: Channel) -> None:
        services.delete(Channel.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        services.delete(queryset)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Channel | None = None,
    ) -> HttpResponse:
        adminform: AdminForm = context["adminform"]
        head, tabs = _laid_out(adminform, context["inline_admin_formsets"])
        context |= {
            "head": head,
            "tabs": tabs,
            "opened": next((tab.key for tab in tabs if tab.errors), ""),
            "may_change": (
                self.has_change_permission(request, obj)
                if obj
                else self.has_add_permission(request)
            ),
            "pairs": channel_form.PAIRS,
            "countries": list(countries),
            "preview": _preview(adminform.form),
            "becomes_operator": getattr(
                getattr(request.user, "operator", None), "is_enabled", False
            ),
        }
        if obj:
            context["widget"] = widget_tab.context(request, Channel.objects.get(pk=obj.pk))
        response: HttpResponse = super().render_change_form(
            request, context, add, change, form_url, obj
        )
        return response

    def _warn_of_colours(self, request: HttpRequest, channel: Channel) -> None:
        for behind, before, wanted in channel_form.PAIRS:
            background, foreground = getattr(channel, behind), getattr(channel, before)
            contrast = colours.contrast(background, foreground)
            if contrast >= wanted:
                continue
            warning = _(
                "%(field)s: the contrast of %(contrast)s : 1 is too low, at least %(wanted)s : "
                "1 is needed. The closest colour with enough contrast is %(nearest)s."
            )
            values = {
                "field": Channel._meta.get_field(behind).verbose_name.capitalize(),  # type: ignore[union-attr]
                "contrast": int(contrast * 10) / 10,
                "wanted": wanted,
                "nearest": colours.nearest(background, foreground, wanted),
            }
            self.message_user(request, str(warning) % values, messages.WARNING)


def _figure(found: QuerySet[Any], aggregate: Any, nothing: int | None = None) -> Any:
    """Return a subquery of `aggregate` over the rows `found` per channel; `nothing` if none."""
    rows = found.filter(channel=OuterRef("pk")).order_by().values("channel")
    figure = Subquery(rows.annotate(figure=aggregate).values("figure"))
    return figure if nothing is None else Coalesce(figure, nothing)


def _laid_out(
    adminform: AdminForm, rows: Iterable[InlineAdminFormSet]
) -> tuple[Fieldset, list[Tab]]:
    """Return the fields above the tabs, and the tabs."""
    head, *groups = adminform
    tabs = {key: Tab(key, label) for key, label in TABS}
    for group in groups:
        tab = tabs[group.classes]
        tab.groups.append(group)
        names: tuple[str, ...] = group.fields  # type: ignore[attr-defined]
        tab.errors += sum(name in adminform.form.errors for name in names)
    for inline in rows:
        tab = tabs["operators" if inline.opts.model is Membership else "rules"]
        tab.rows = inline
        if inline.formset.is_bound:
            tab.errors += inline.formset.total_error_count()
    return head, list(tabs.values())


def _preview(form: ModelForm) -> dict[str, str]:
    """Return the initial texts and colours of the preview; invalid colours become defaults."""
    names = [name for pair in channel_form.PAIRS for name in pair[:2]]
    shown = {}
    for name in ("name", "button_position", "theme", *channel_form.TEXTS, *names):
        written = form[name].value() if name in form.fields else getattr(form.instance, name)
        shown[name] = str(written or "")
    for name in names:
        if not colours.is_colour(shown[name]):
            shown[name] = Channel._meta.get_field(name).default  # type: ignore[union-attr]
    return shown
