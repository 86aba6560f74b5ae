"""The inline rows of a channel, its operators and its rules: their forms and validation."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect, RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django_countries import countries
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from livechat.domain import patterns
from livechat.models import ChannelRule, Membership, Operator


class RowForm(forms.ModelForm):
    """A row of a channel: an operator or a rule."""

    gone = False
    """Whether another user deleted the row while this page was open."""

    def clean(self) -> dict[str, Any] | None:
        if self.gone:
            raise ValidationError(
                _(
                    "Another user deleted this row while you had it open. Save to add it again, "
                    "or remove it."
                )
            )
        return super().clean()


class MembershipForm(RowForm):
    """An operator of the channel, chosen by autocomplete; without links to add or edit profiles."""

    class Meta:
        model = Membership
        fields = ("operator",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        operator = self.fields.get("operator")
        if operator and isinstance(operator.widget, RelatedFieldWidgetWrapper):
            operator.widget = operator.widget.widget

    def clean_operator(self) -> Operator:
        """Refuse an operator without the right to answer, unless the row already has this operator.

        An operator who gets the right back does not get the channels back; the row of an account
        that is switched off stays.
        """
        operator: Operator = self.cleaned_data["operator"]
        if not operator.is_enabled and operator.pk != self.initial.get("operator"):
            raise ValidationError(
                _(
                    "%(name)s has no permission to answer visitors. Give the account this "
                    "permission first."
                ),
                params={"name": operator.name},
            )
        return operator


class OperatorSelect(AutocompleteSelect):
    """An autocomplete for operators. Values that are no keys are not looked up.

    The database would fail on them; the form reports them as invalid.
    """

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> Any:
        keys = [key for key in value if re.fullmatch(r"[0-9]{1,30}", key)]
        return super().optgroups(name, keys, attr)


class CountriesInput(UnfoldAdminTextInputWidget):
    """One text input of comma-separated codes, for any number of countries."""

    def format_value(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        return ", ".join(_codes(value or ()))

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        values = data.getlist(name) if hasattr(data, "getlist") else [data.get(name) or ""]
        return ", ".join(map(str, values))


class CountriesField(forms.Field):
    """ISO codes of countries, without duplicates, in the order written."""

    widget = CountriesInput

    def to_python(self, value: Any) -> list[str]:
        codes = [code.upper() for code in re.split(r"[,;\s]+", value or "") if code]
        for code in codes:
            if code not in countries.countries:
                raise ValidationError(
                    _("“%(code)s” is not a country code. Use a code such as DE."),
                    params={"code": code[:20]},
                )
        return list(dict.fromkeys(codes))

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(data) != _codes(initial or ())
        except ValidationError:
            return True


class RuleForm(RowForm):
    """A rule; `responder_choices` are (key, label) of the available bots."""

    responder_choices: list[tuple[str, str]] = []

    countries = CountriesField(required=False, label=_("Country"))

    class Meta:
        model = ChannelRule
        fields = ("sequence", "action", "regex_url", "auto_popup_timer", "countries")
        widgets = {"sequence": forms.HiddenInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sequence"].required = self.fields["auto_popup_timer"].required = False
        self.fields["regex_url"].widget.attrs["dir"] = "ltr"
        if "responder" in self.fields:
            self.fields["responder"] = forms.ChoiceField(
                choices=self._responders(),
                required=False,
                label=_("Chatbot"),
                widget=UnfoldAdminSelectWidget(),
            )
            self.fields["responder_condition"].label = _("Enabled only if …")
            self.fields["responder_condition"].required = False

    def has_changed(self) -> bool:
        """Say whether to save the row. A new row is saved even if all its values are defaults."""
        return bool(self.instance._state.adding) or super().has_changed()

    def clean_sequence(self) -> int:
        return self.cleaned_data.get("sequence") or 0

    def clean_auto_popup_timer(self) -> int:
        return self.cleaned_data.get("auto_popup_timer") or 0

    def clean_responder_condition(self) -> str:
        return str(
            self.cleaned_data.get("responder_condition") or self.instance.responder_condition
        )

    def _responders(self) -> list[tuple[str, Any]]:
        current = self.instance.responder
        known = [("", _("None")), *self.responder_choices]
        if current and current not in dict(self.responder_choices):
            known.append((current, _("No longer available")))
        return known


MAX_RULES = 200


class Rows(PaginationInlineFormSet):
    """Rows of a channel. A row that another user deleted returns as a new row with an error.

    If this user wanted to remove that row too, it is left out without an error.
    """

    data: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._gone: set[int] = set()
        self._is_miscounted = False
        if self.is_bound and self.management_form.is_valid():
            self._set_right()

    def clean(self) -> None:
        """Refuse a wrong count of rows, too many rules, and rules too slow to match together.

        Each request of a website for `init` may match all of them.
        """
        super().clean()
        if self._is_miscounted:
            raise ValidationError(
                self.error_messages["missing_management_form"],
                params={"field_names": f"{self.prefix}-TOTAL_FORMS"},
            )
        kept = [form for form in self.forms if form not in self.deleted_forms]
        if self.model is not ChannelRule:
            return
        if len(kept) > MAX_RULES:
            raise ValidationError(
                _("A channel can have at most %(most)d rules."), params={"most": MAX_RULES}
            )
        written = [getattr(form, "cleaned_data", {}).get("regex_url") or "" for form in kept]
        if sum(map(patterns.cost, written)) > patterns.MAX_COST_OF_ALL:
            raise ValidationError(
                _(
                    "The URL Regex values of all rules together are too complex. Simplify some of "
                    "them."
                )
            )

    def _construct_form(self, i: int, **kwargs: Any) -> RowForm:
        form: RowForm = super()._construct_form(i, **kwargs)
        form.gone = i in self._gone
        if form.gone:
            form.empty_permitted = False
        return form

    def _set_right(self) -> None:
        """Renumber the rows if one names a row that does not exist, or if the counts are wrong.

        Order: existing rows, deleted rows to add again, new rows.
        """
        counts = self.management_form.cleaned_data
        sent = (_row(self.prefix).fullmatch(key) for key in self.data)
        last = max((int(match[1]) for match in sent if match), default=-1)
        self._is_miscounted = not 0 <= counts["TOTAL_FORMS"] <= last + 1
        total = max(0, min(counts["TOTAL_FORMS"], last + 1, self.absolute_max))
        first = max(0, min(counts["INITIAL_FORMS"], total))
        known = {str(row.pk) for row in self.get_queryset()}
        ids = [str(self.data.get(f"{self.prefix}-{i}-id", "")) for i in range(total)]
        there = [i for i in range(total) if ids[i] in known]
        lost = [i for i in range(first) if ids[i] not in known]
        is_said = (total, first) == (counts["TOTAL_FORMS"], counts["INITIAL_FORMS"])
        if is_said and there == list(range(first)):
            return
        dropped = {i for i in lost if self.data.get(f"{self.prefix}-{i}-DELETE")}
        again = [i for i in lost if i not in dropped]
        new = [i for i in range(first, total) if i not in there]
        order = [*there, *again, *new]
        self._gone = set(range(len(there), len(there) + len(again)))
        self.data = _renumbered(self.data, self.prefix, order, len(there))
        for i in self._gone:
            self.data.pop(f"{self.prefix}-{i}-id", None)
        del self.management_form  # a cached property; it reads the new data


def _renumbered(data: Any, prefix: str, order: list[int], initial: int) -> QueryDict:
    """Return the data with row `order[i]` as row i, without all other rows, and with new counts."""
    numbers = {old: new for new, old in enumerate(order)}
    made = QueryDict(mutable=True)
    row = _row(prefix)
    for key, values in data.lists():
        match = row.fullmatch(key)
        if match is None:
            made.setlist(key, values)
        elif int(match[1]) in numbers:
            made.setlist(f"{prefix}-{numbers[int(match[1])]}-{match[2]}", values)
    made[f"{prefix}-TOTAL_FORMS"] = str(len(order))
    made[f"{prefix}-INITIAL_FORMS"] = str(initial)
    return made


def _row(prefix: str) -> re.Pattern[str]:
    """Return a pattern for the names of a row's fields; its first group is the row's number."""
    return re.compile(rf"{re.escape(prefix)}-(\d{{1,6}})-(.+)", re.DOTALL)


def _codes(values: Iterable[Any]) -> list[str]:
    return [str(getattr(value, "code", value)) for value in values]
