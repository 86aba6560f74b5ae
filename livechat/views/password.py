"""The page where users change their own password."""

import math
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from livechat import auth
from livechat.errors import RateLimited
from livechat.services import login_attempts, operators

CHANGED = "password"
"""Tag of the message that says so."""
DONE = _("Your password was changed. You are signed out of all other browsers.")


class PasswordForm(PasswordChangeForm):
    """The old password, and the new one twice. Attempts at the old one count like those at the
    sign-in, so that a person at an unlocked browser cannot guess the password."""

    def __init__(self, *args: Any, source: str, **kwargs: Any) -> None:
        """`source`: the address or network that the attempts count for."""
        super().__init__(*args, **kwargs)
        self.source = source
        self.wait_seconds = 0
        """Seconds until the old password is checked again; 0 if it was checked."""

    @sensitive_variables("password")
    def clean_old_password(self) -> str:
        name = self.user.get_username()
        try:
            login_attempts.begin(name, self.source)
        except RateLimited as refused:
            self.wait_seconds = math.ceil(refused.retry_after)
            raise forms.ValidationError(_too_often(self.wait_seconds)) from None
        password: str = super().clean_old_password()
        login_attempts.succeeded(name, self.source)
        return password

    def focus_what_is_wrong(self) -> None:
        """Set the focus on the first field with an error."""
        first = next(name for name in self.fields if name in self.errors)
        for name, field in self.fields.items():
            field.widget.attrs["autofocus"] = name == first


@method_decorator(never_cache, name="dispatch")
class ChangePassword(PasswordChangeView):
    """For every signed-in user, whatever their rights. This login session stays; all others of
    the user end, with their sockets (`consumers/session_watch.py`)."""

    form_class = PasswordForm
    template_name = "livechat/password.html"
    success_url = reverse_lazy("change_password")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "source": auth.source_of_attempts(self.request)}

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        messages.success(self.request, DONE, extra_tags=CHANGED)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        form.focus_what_is_wrong()
        response = super().form_invalid(form)
        if form.wait_seconds:
            response.status_code = 429
            response["Retry-After"] = str(form.wait_seconds)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        assert self.request.user.pk is not None  # login_required
        return {
            **super().get_context_data(**kwargs),
            "rules": password_validators_help_texts(),
            "changed": DONE if _was_changed(self.request) else "",
            "has_profile": operators.staff_actor(self.request.user.pk).may_enter,
        }


def _too_often(wait_seconds: int) -> list[Any]:
    minutes = -(-wait_seconds // 60)
    return [
        _("Too many sign-ins with a wrong password came from your network."),
        ngettext("Try again in a minute.", "Try again in %(minutes)s minutes.", minutes)
        % {"minutes": minutes},
    ]


def _was_changed(request: HttpRequest) -> bool:
    return any(CHANGED in said.tags.split() for said in messages.get_messages(request))
