"""Fields of expertise, and the operators who have them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from livechat.admin.history import ChangeLogMixin
from livechat.admin.visibility import ReaderTimeZoneMixin
from livechat.models import Expertise, Operator


class ExpertiseForm(forms.ModelForm):
    operators = forms.ModelMultipleChoiceField(
        label=_("operators"),
        queryset=Operator.objects.none(),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=_("Operators with this expertise. It also appears in their operator profiles."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "operators" not in self.fields:  # shown read-only
            return
        mine = list(self.instance.operators.select_related("user")) if self.instance.pk else []
        self.initial.setdefault("operators", mine)
        known = Q(is_enabled=True) | Q(pk__in=[row.pk for row in mine])
        field = self.fields["operators"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = Operator.objects.filter(known).select_related("user")

    def _save_m2m(self) -> None:
        super()._save_m2m()  # type: ignore[misc]  # Django calls it after the row has a key
        self.instance.operators.set(self.cleaned_data["operators"])


@admin.register(Expertise)
class ExpertiseAdmin(ReaderTimeZoneMixin, ChangeLogMixin, ModelAdmin):
    """A step of a chatbot may hand over to an operator with a certain expertise."""

    form = ExpertiseForm
    list_display = ("name", "operator_names")
    search_fields = ("name__search_text",)

    def get_fields(self, request: HttpRequest, obj: Expertise | None = None) -> tuple[str, ...]:
        """Return the choice of operators if the user may change it, else their names."""
        changes = (
            self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        )
        return ("name", "operators" if changes else "operator_names")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Expertise | None = None
    ) -> tuple[str, ...]:
        return ("operator_names",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Expertise]:
        rows: QuerySet[Expertise] = super().get_queryset(request)
        return rows.prefetch_related("operators__user")

    @display(description=_("operators"), empty_value="–")  # type: ignore[untyped-decorator]
    def operator_names(self, row: Expertise) -> str | None:
        return ", ".join(operator.name for operator in row.operators.all()) or None
