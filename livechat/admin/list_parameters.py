"""What the address of a list may ask for: what the page itself offers, and nothing else."""

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
"""What a list with a hierarchy of dates is filtered by."""


class OfferedParameters:
    """For a ModelAdmin: an address may filter by what the page offers, and by nothing else.

    Django lets columns of related rows pass, and any lookup on them: the number of rows that are
    found then tells, character by character, what a password or a secret is.
    """

    _offered: frozenset[str] | None = None

    def lookup_allowed(self, lookup: str, value: object, request: HttpRequest) -> bool:
        if self._offered is None:
            self._offered = frozenset(_offered_by(self, request))
        return lookup in self._offered

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """Popups refer to rows by their key: no relation here uses another column."""
        return bool(to_field == self.opts.pk.name)  # type: ignore[attr-defined]  # a ModelAdmin has it

    def response_action(
        self, request: HttpRequest, queryset: QuerySet, *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """Do to chosen rows what was asked; a row without a key cannot have been chosen."""
        try:
            for key in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.to_python(key)  # type: ignore[attr-defined]  # a ModelAdmin has it
        except ValidationError:
            raise WrongValue from None
        response: HttpResponse | None = super().response_action(  # type: ignore[misc]
            request, queryset, *args, **kwargs
        )
        return response

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """An address may name the column and leave it empty: the key is meant then."""
        return super().get_object(request, object_id, from_field or None)  # type: ignore[misc]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CarefulList


class CarefulList(ChangeList):
    """Refuses values that a column cannot be compared with; Django shows the whole list then, or
    fails."""

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet:
        try:
            rows: QuerySet = super().get_queryset(request, exclude_parameters)
        except (IncorrectLookupParameters, ValueError, OverflowError):
            raise WrongValue from None
        return rows

    def get_results(self, request: HttpRequest) -> None:
        """Count the rows: here the database sees the values for the first time. PostgreSQL takes no
        more questions in a transaction in which it refused one."""
        try:
            with transaction.atomic():
                super().get_results(request)
        except (ValueError, OverflowError, DataError):
            raise WrongValue from None


class WrongValue(SuspiciousOperation):
    """A list was asked for something that no row can be."""

    def __init__(self) -> None:
        super().__init__("A parameter of this list has a value that it cannot have.")


def _offered_by(owner: Any, request: HttpRequest) -> list[str]:
    """Return the parameters of a list's filters and of its hierarchy of dates."""
    names = [f"{owner.date_hierarchy}__{part}" for part in DAYS] if owner.date_hierarchy else []
    for offered in owner.get_list_filter(request):
        names += _filter(offered, owner, request).expected_parameters()
    return names


def _filter(offered: Any, owner: Any, request: HttpRequest) -> Any:
    """Make a filter as Django's list does, of a class, a field, or a field and a class."""
    if isinstance(offered, type):
        return offered(request, {}, owner.model, owner)
    path, make = offered if isinstance(offered, tuple) else (offered, FieldListFilter.create)
    field = owner.opts.get_field(path)
    return make(field, request, {}, owner.model, owner, field_path=path)
