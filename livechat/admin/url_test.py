"""The *Test a URL* page of a channel: which rule applies, and why the others do not."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django_countries import countries
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from livechat.domain import rules, widget
from livechat.domain.enumerations import Absence, ButtonAction
from livechat.domain.rules import Page, Reason
from livechat.domain.widget import WidgetDecision
from livechat.models import Channel
from livechat.services import widgets

LONGEST_KEY = 20
"""Maximum digits of a key. Python refuses to parse numbers of thousands of digits."""

REASONS = {
    Reason.OTHER_COUNTRY: _("This rule is for other countries."),
    Reason.COUNTRY_UNKNOWN: _(
        "This rule is for certain countries, but the visitor's country is unknown."
    ),
    Reason.URL: _("The URL Regex does not match the address."),
    Reason.RESPONDER_NOT_READY: _("The chatbot is not ready."),
    Reason.OPERATOR_AVAILABLE: _("This rule applies only when no operator is available."),
    Reason.NO_OPERATOR: _("This rule applies only when an operator is available."),
    Reason.ANOTHER_FIRST: _("This rule matches, but another rule comes first."),
}


class UrlTestForm(forms.Form):
    """A page that a visitor might view: address, country, operator available or not."""

    url = forms.CharField(
        label=_("Page address"),
        max_length=100_000,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "https://shop.example/cart"}),
    )
    country = forms.ChoiceField(
        label=_("Country"), required=False, widget=UnfoldAdminSelectWidget(), choices=[]
    )
    operator = forms.BooleanField(
        label=_("An operator is available"),
        required=False,
        initial=True,
        widget=UnfoldBooleanWidget(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = [("", _("Unknown")), *countries]  # type: ignore[attr-defined]

    def clean_url(self) -> str:
        url = rules.normal_url(self.cleaned_data["url"])
        if not url:
            raise forms.ValidationError(
                _("Enter the address of a web page, for example https://shop.example/pricing.")
            )
        return url

    def page(self) -> Page:
        """Return the values for `domain.rules`; the form must be valid."""
        return Page(
            url=self.cleaned_data["url"],
            country=self.cleaned_data["country"],
            operator_available=self.cleaned_data["operator"],
        )


def url_test(admin: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Show the form, and below it each rule and whether it applies. 404 for an unknown channel."""
    is_key = object_id.isdecimal() and len(object_id) <= LONGEST_KEY
    channel = Channel.objects.filter(pk=object_id).first() if is_key else None
    if channel is None:
        raise Http404
    if not admin.has_view_permission(request, channel):
        raise PermissionDenied
    form = UrlTestForm(request.GET if "url" in request.GET else None)
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "title": _("Test a URL"),
        "channel": channel,
        "opts": admin.model._meta,
        "original": channel,
        "form": form,
    }
    if form.is_valid():
        rows = {rule.pk: rule for rule in channel.rules.all()}
        values, page = widgets.rules_of(channel), form.page()
        reasons = rules.explain(values, page)
        context["verdicts"] = [
            {
                "rule": rows[rule.pk],
                "wins": reason is None,
                "reason": REASONS[reason] if reason else _("This rule applies."),
            }
            for rule, reason in reasons
        ]
        context["url"] = form.cleaned_data["url"]
        context["winner"] = next((v["rule"] for v in context["verdicts"] if v["wins"]), None)
        context["instead"] = _instead(widget.answer(values, page, Absence(channel.absence)))
    return TemplateResponse(request, "admin/livechat/channel/url_test.html", context)


def _instead(answer: WidgetDecision) -> str:
    """Return what happens instead of the rule's action if no operator or bot answers, else ""."""
    if answer.available:
        return ""
    if answer.action == ButtonAction.HIDE:
        return str(_("When no operator is available, the button is hidden."))
    return str(
        _(
            "When no operator is available, the button is shown without a notification and "
            "the chat does not open automatically."
        )
    )
