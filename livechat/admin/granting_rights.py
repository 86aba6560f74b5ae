"""Limits which rights an account may grant: those it has itself; a superuser all."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from livechat.domain import rights
from livechat.models import User

FOR_SUPERUSERS = _("Only a superuser can change this.")


def grantable_rights(granter: User) -> QuerySet[Permission]:
    if granter.is_superuser:
        return Permission.objects.all()
    return Permission.objects.filter(Q(user=granter) | Q(group__user=granter)).distinct()


def grantable_groups(granter: User) -> QuerySet[Group]:
    """Return the groups that have no right which `granter` lacks."""
    if granter.is_superuser:
        return Group.objects.all()
    others = Permission.objects.exclude(pk__in=grantable_rights(granter).values("pk"))
    return Group.objects.exclude(permissions__in=others)


class GrantingAdminMixin:
    """For a ModelAdmin: sets `granter` on its forms."""

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form: type[GrantingForm] = super().get_form(request, obj, change=change, **kwargs)  # type: ignore[misc]
        form.granter = request.user  # type: ignore[assignment]  # signed in
        return form


class GrantingForm(forms.ModelForm):
    """A form that grants rights. Rights that the row already has may stay."""

    granter: User
    """The user of the request; `get_form` sets it."""

    def limit_choices(self, name: str, rows: QuerySet[Any]) -> None:
        """Limit the choices of field `name` to `rows` and current values, except for superusers."""
        field = self.fields.get(name)
        if not isinstance(field, forms.ModelMultipleChoiceField) or self.granter.is_superuser:
            return
        known = Q(pk__in=rows.values("pk"))
        if self.instance.pk:
            known |= Q(pk__in=getattr(self.instance, name).values("pk"))
        assert field.queryset is not None
        field.queryset = field.queryset.filter(known)


class GroupForm(GrantingForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limit_choices("permissions", grantable_rights(self.granter))

    def clean_name(self) -> str:
        """Let only superusers give or take a name of `rights.GROUPS`.

        Every `migrate` gives the groups of these names their rights.
        """
        name: str = self.cleaned_data["name"]
        is_kept = not rights.GROUPS.keys().isdisjoint({name, self.instance.name})
        if name != self.instance.name and is_kept and not self.granter.is_superuser:
            raise forms.ValidationError(FOR_SUPERUSERS)
        return name
