"""Canned responses: users write their own and use those shared with their groups."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import ManyToManyField, QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from livechat.admin.history import ChangeLogMixin
from livechat.admin.visibility import ReaderTimeZoneMixin, actor_of
from livechat.models import CannedResponse, User


class CannedResponseForm(forms.ModelForm):
    owner: User
    """The owner, also of a new row; `get_form` sets it, because it is not a field of the form."""

    def clean_shortcut(self) -> str:
        """Refuse a shortcut that the owner already has: only one of the two could be inserted."""
        shortcut: str = self.cleaned_data["shortcut"]
        # Lock the owner: of two concurrent forms, the second sees the row of the first.
        User.objects.select_for_update().filter(pk=self.owner.pk).first()
        same = CannedResponse.objects.filter(owner=self.owner, shortcut=shortcut)
        if same.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(
                _(
                    "This owner already has a canned response :%(shortcut)s. Choose another "
                    "shortcut."
                ),
                params={"shortcut": shortcut},
            )
        return shortcut


@admin.register(CannedResponse)
class CannedResponseAdmin(ReaderTimeZoneMixin, ChangeLogMixin, ModelAdmin):
    """Users see their own and shared ones, managers all. Only owners and managers change them."""

    form = CannedResponseForm
    list_display = ("call", "begins", "owner_name", "shared_with", "last_used_at")
    search_fields = ("shortcut__search_text", "substitution__search_text")
    fields = ("shortcut", "substitution", "groups")

    def has_view_permission(self, request: HttpRequest, obj: CannedResponse | None = None) -> bool:
        if not super().has_view_permission(request, obj):
            return False
        return obj is None or self.get_queryset(request).filter(pk=obj.pk).exists()

    def has_change_permission(
        self, request: HttpRequest, obj: CannedResponse | None = None
    ) -> bool:
        return bool(super().has_change_permission(request, obj)) and _is_own(request, obj)

    def has_delete_permission(
        self, request: HttpRequest, obj: CannedResponse | None = None
    ) -> bool:
        return bool(super().has_delete_permission(request, obj)) and _is_own(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CannedResponse]:
        rows: QuerySet[CannedResponse] = super().get_queryset(request)
        rows = rows.select_related("owner").prefetch_related("groups")
        if actor_of(request).is_manager:
            return rows
        usable = CannedResponse.objects.usable_by(request.user.pk or 0).order_by()
        return rows.filter(pk__in=usable.values("pk"))

    def get_form(
        self,
        request: HttpRequest,
        obj: CannedResponse | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> type[forms.ModelForm]:
        form: type[CannedResponseForm] = super().get_form(request, obj, change, **kwargs)
        form.owner = obj.owner if obj else request.user  # type: ignore[assignment]  # signed in
        return form

    def formfield_for_manytomany(
        self, db_field: ManyToManyField, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelMultipleChoiceField | None:
        """Offer the user's own groups; offer managers all groups."""
        if db_field.name == "groups":
            kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
            if not actor_of(request).is_manager:
                kwargs["queryset"] = Group.objects.filter(user=request.user.pk)
        field: forms.ModelMultipleChoiceField | None = super().formfield_for_manytomany(
            db_field, request, **kwargs
        )
        return field

    def save_model(
        self, request: HttpRequest, obj: CannedResponse, form: forms.ModelForm, change: bool
    ) -> None:
        """Make the creator the owner. A manager who edits the row does not become its owner."""
        if not change:
            obj.owner = request.user  # type: ignore[assignment]  # signed in
        super().save_model(request, obj, form, change)

    @display(description=_("Shortcut"), ordering="shortcut")  # type: ignore[untyped-decorator]
    def call(self, row: CannedResponse) -> str:
        return str(row)

    @display(description=_("Substitution"))  # type: ignore[untyped-decorator]
    def begins(self, row: CannedResponse) -> str:
        return Truncator(row.substitution).chars(80)

    @display(description=_("owner"), ordering="owner__username")  # type: ignore[untyped-decorator]
    def owner_name(self, row: CannedResponse) -> str:
        return row.owner.get_full_name() or row.owner.get_username()

    @display(description=_("Authorized Groups"))  # type: ignore[untyped-decorator]
    def shared_with(self, row: CannedResponse) -> str:
        return ", ".join(group.name for group in row.groups.all()) or str(_("only the owner"))


def _is_own(request: HttpRequest, row: CannedResponse | None) -> bool:
    return row is None or row.owner_id == request.user.pk or actor_of(request).is_manager
