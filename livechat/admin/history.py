"""The history of changes: Django's log, with the value of each field before and after.

Use: ``class ChannelAdmin(ChangeLogMixin, ModelAdmin)``.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.admin.models import LogEntry
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.encoding import force_str
from django.utils.translation import gettext
from django.utils.translation import override as translation_override

LONGEST = 80
"""Characters kept of a value; of a longer one those around the first difference."""

CONTEXT = 20
SECRETS = ("password", "token", "secret")

Difference = tuple[str, str | bool | None, str | bool | None]
"""Label of a field, value before, value after; both values are None if they are secret."""


class ChangeLogMixin:
    """For a ModelAdmin: its log has the old and new value of each field, also of inline rows.

    The log entry is Django's own structure with one more key, ``differences``. Labels are stored
    untranslated and are translated for the reader; values are stored as they were. Of passwords,
    tokens and other secrets only the label is stored; of hidden fields, nothing.
    """

    def construct_change_message(
        self, request: HttpRequest, form: forms.BaseForm, formsets: Any, add: bool = False
    ) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = []
        changed = form.changed_data  # needs the user's language: dates are compared as sent
        rows = [(formset, list(_changed_rows(formset))) for formset in formsets or ()]
        with translation_override(None):
            if add:
                entries.append({"added": {}})
            elif differences := _differences(form, changed):
                entries.append({"changed": _fields(differences)})
            for formset, forms_changed in rows:
                entries += [{"added": _named(row)} for row in formset.new_objects]
                for row_form, names in forms_changed:
                    if differences := _differences(row_form, names):
                        entries.append(
                            {"changed": _named(row_form.instance) | _fields(differences)}
                        )
                entries += [{"deleted": _named(row)} for row in formset.deleted_objects]
        return entries

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Return Django's page, with `lines` added to each entry."""
        response: HttpResponse = super().history_view(  # type: ignore[misc]
            request, object_id, extra_context
        )
        for entry in (getattr(response, "context_data", None) or {}).get("action_list", ()):
            entry.lines = lines(entry)
        return response


def lines(entry: LogEntry) -> list[str]:
    """Return plain text in the reader's language, one line for each changed field or row."""
    try:
        parts = json.loads(entry.change_message)
    except ValueError:
        return [entry.change_message] if entry.change_message else []
    if not isinstance(parts, list):
        return [entry.get_change_message()]
    texts: list[str] = []
    for part in parts:
        changed = part.get("changed") if isinstance(part, dict) else None
        if changed and "differences" in changed:
            texts += [_line(changed, difference) for difference in changed["differences"]]
        else:
            texts.append(LogEntry(change_message=json.dumps([part])).get_change_message())
    return texts or [entry.get_change_message()]


def _line(changed: dict[str, Any], difference: list[Any]) -> str:
    label, before, after = difference
    words = {
        "field": gettext(label) if label else "",
        "before": _word(before),
        "after": _word(after),
        "row": f"{gettext(changed['name'])} “{changed['object']}”" if "name" in changed else "",
    }
    if before is None:
        text = gettext("%(field)s: changed")
    else:
        text = gettext("%(field)s: %(before)s → %(after)s")
    if words["row"]:
        text = f"%(row)s, {text}"
    line = text % words
    return line[:1].upper() + line[1:]


def _word(value: str | bool | None) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return f"“{value}”" if value else gettext("(empty)")


def _named(row: Model) -> dict[str, Any]:
    return {"name": str(row._meta.verbose_name), "object": str(row)}


def _fields(differences: list[Difference]) -> dict[str, Any]:
    return {"fields": [label for label, _before, _after in differences], "differences": differences}


def _changed_rows(formset: Any) -> Iterable[tuple[forms.ModelForm, list[str]]]:
    """Yield the forms of existing rows that changed, with the names of the changed fields."""
    by_row = {form.instance.pk: form for form in formset.initial_forms}
    for row, names in formset.changed_objects:
        if row.pk in by_row:
            yield by_row[row.pk], names


def _differences(form: forms.BaseForm, names: Iterable[str]) -> list[Difference]:
    differences: list[Difference] = []
    for name in names:
        field = form.fields.get(name)
        if field is None:
            differences.append((name, None, None))
            continue
        if field.widget.is_hidden:
            continue
        label = force_str(field.label or name)
        if _is_secret(name, field):
            differences.append((label, None, None))
            continue
        before = _plain(field, form.get_initial_for_field(field, name))
        after = _plain(field, form.cleaned_data.get(name))
        differences.append((label, *_cut(before, after)))
    return differences


def _is_secret(name: str, field: forms.Field) -> bool:
    return (
        isinstance(field.widget, forms.PasswordInput)
        or any(word in name for word in SECRETS)
        or "key" in name.split("_")
    )


def _plain(field: forms.Field, value: Any) -> str | bool:
    """Return a value as the form shows it: labels for choices, names for rows."""
    if value is None or value == "":
        return False if isinstance(field, forms.BooleanField) else ""
    if isinstance(value, bool):
        return value
    if isinstance(field, forms.ModelChoiceField):
        return ", ".join(_rows(field, value))
    if isinstance(field, forms.ChoiceField):
        labels = _labels(field)
        values = [value] if isinstance(value, str) or not _is_list(value) else value
        return ", ".join(labels.get(str(one), str(one)) for one in values)
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""
    return str(value)


def _is_list(value: Any) -> bool:
    return hasattr(value, "__iter__")


def _labels(field: forms.ChoiceField) -> dict[str, str]:
    labels: dict[str, str] = {}
    choices: Any = field.choices  # Django has made it a list of pairs
    for value, label in choices:
        pairs = label if isinstance(label, list | tuple) else [(value, label)]
        labels |= {str(one): force_str(word) for one, word in pairs}
    return labels


def _rows(field: forms.ModelChoiceField, value: Any) -> list[str]:
    """Return the sorted names of the rows; `value` holds rows or keys. Ignore deleted rows."""
    values = list(value) if _is_list(value) and not isinstance(value, str | Model) else [value]
    keys = [one for one in values if not isinstance(one, Model)]
    found = [one for one in values if isinstance(one, Model)]
    if keys and field.queryset is not None:
        found += field.queryset.model._base_manager.filter(
            **{f"{field.to_field_name or 'pk'}__in": keys}
        )
    return sorted(str(row) for row in found)


def _cut(before: str | bool, after: str | bool) -> tuple[str | bool, str | bool]:
    """Shorten a pair of values; cut long texts around their first difference."""
    if isinstance(before, bool) or isinstance(after, bool):
        return before, after
    start = 0
    if max(len(before), len(after)) > LONGEST:
        same = next(
            (at for at, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]),
            min(len(before), len(after)),
        )
        start = max(0, same - CONTEXT)
    return _piece(before, start), _piece(after, start)


def _piece(text: str, start: int) -> str:
    piece = f"…{text[start + 1 :]}" if start else text
    return piece if len(piece) <= LONGEST else f"{piece[: LONGEST - 1]}…"
