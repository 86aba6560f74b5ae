"""Tags of conversations."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminColorInputWidget

from livechat.admin.history import ChangeLogMixin
from livechat.admin.visibility import ReaderTimeZoneMixin
from livechat.models import Tag


@admin.register(Tag)
class TagAdmin(ReaderTimeZoneMixin, ChangeLogMixin, ModelAdmin):
    """Names and colours of tags, as the dashboard shows them."""

    list_display = ("name", "swatch")
    search_fields = ("name__search_text",)

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if db_field.name == "color":
            kwargs["widget"] = UnfoldAdminColorInputWidget()
        field: forms.Field | None = super().formfield_for_dbfield(db_field, request, **kwargs)
        return field

    @display(description=_("colour"), ordering="color")  # type: ignore[untyped-decorator]
    def swatch(self, row: Tag) -> str:
        return format_html(
            '<span aria-hidden="true" style="background:{};border-radius:4px;display:inline-block;'
            'height:1em;vertical-align:middle;width:1.5em"></span> {}',
            row.color,
            row.color,
        )
