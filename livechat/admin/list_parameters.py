"""Limits the query parameters of Admin lists to the filters that the page offers."""

from typing import Any

from django.contrib.admin import FieldListFilter
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.db import DataError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.views import ChangeList

DAYS = ("year", "month", "day")
"""Suffixes of the parameters of a date hierarchy."""


class OfferedParametersMixin:
    """For a ModelAdmin: accepts only the filters that the page offers.

    Django also accepts lookups on columns of related rows. With these an attacker could read a
    password hash or a secret character by character, from the number of rows found.
    """

    _offered: frozenset[str] | None = None

    def lookup_allowed(self, lookup: str, value: object, request: HttpRequest) -> bool:
        if self._offered is None:
            self._offered = frozenset(_offered_by(self, request))
        return lookup in self._offered

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """Allow only the primary key in popups: no relation here uses another column."""
        return bool(to_field == self.opts.pk.name)  # type: ignore[attr-defined]  # a ModelAdmin has it

    def response_action(
        self, request: HttpRequest, queryset: QuerySet, *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """Run the action on the chosen rows. Raises WrongValue for a malformed key."""
        try:
            for key in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.to_python(key)  # type: ignore[attr-defined]  # a ModelAdmin has it
        except ValidationError:
            raise InvalidParameter from None
        response: HttpResponse | None = super().response_action(  # type: ignore[misc]
            request, queryset, *args, **kwargs
        )
        return response

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Return the object; an empty `from_field` in the address means the primary key."""
        return super().get_object(request, object_id, from_field or None)  # type: ignore[misc]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return SafeChangeList


class SafeChangeList(ChangeList):
    """Raises WrongValue if a column cannot be compared with a parameter's value.

    Django would show the whole list instead, or fail with 500.
    """

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet:
        try:
            rows: QuerySet = super().get_queryset(request, exclude_parameters)
        except (IncorrectLookupParameters, ValueError, OverflowError):
            raise InvalidParameter from None
        return rows

    def get_results(self, request: HttpRequest) -> None:
        """Count and read the rows. Here the database sees the values for the first time.

        The savepoint is for PostgreSQL, where a failed query otherwise aborts the transaction.
        """
        try:
            with transaction.atomic():
                super().get_results(request)
        except (ValueError, OverflowError, DataError):
            raise InvalidParameter from None


class InvalidParameter(SuspiciousOperation):
    """A parameter of a list has a value that its column cannot hold. Django responds with 400."""

    def __init__(self) -> None:
        super().__init__("A parameter of this list has a value that it cannot have.")


def _offered_by(owner: Any, request: HttpRequest) -> list[str]:
    """Return the parameters of a list's filters and of its date hierarchy."""
    names = [f"{owner.date_hierarchy}__{part}" for part in DAYS] if owner.date_hierarchy else []
    for offered in owner.get_list_filter(request):
        names += _filter(offered, owner, request).expected_parameters()
    return names


def _filter(offered: Any, owner: Any, request: HttpRequest) -> Any:
    """Make a filter as Django's list does: from a class, a field, or a field and a class."""
    if isinstance(offered, type):
        return offered(request, {}, owner.model, owner)
    path, make = offered if isinstance(offered, tuple) else (offered, FieldListFilter.create)
    field = owner.opts.get_field(path)
    return make(field, request, {}, owner.model, owner, field_path=path)
