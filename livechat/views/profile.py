"""The page where users choose how visitors see them, and how their inbox looks and sounds."""

import json
from datetime import datetime, time
from itertools import groupby
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from livechat import signed_links
from livechat.domain import files, preferences
from livechat.domain.preferences import Preferences, Quiet, Sounds
from livechat.errors import Invalid, NotAllowed
from livechat.models import Expertise, Operator, User
from livechat.models.choices import country_names, language_names, time_zones
from livechat.services import login_sessions, operators
from livechat.services.operators import MAX_CHAT_NAME, MAX_PICTURE_BYTES, PICTURES

SAVED = "profile"
"""Tag of the message that says so: its text is chosen when it is shown, in the new language."""
OF_OPERATORS = ("picture", "without_picture", "chat_name", "languages", "country", "expertise")
QUIET = Quiet("22:00", "07:00")
"""Offered to users without quiet hours."""

LIMITS = {
    "max_bytes": MAX_PICTURE_BYTES,
    "max_pixels": files.MAX_PIXELS,
    "max_side": files.MAX_SIDE,
}
"""Of a picture. The browser makes a larger one smaller; it knows them as `wire.FileRules`."""
TOO_LARGE = _("The picture is larger than 5 MB. Choose a smaller one.")
PROBLEMS = {
    "too_large": ("picture", TOO_LARGE),
    "file_type": (
        "picture",
        _("This file type is not supported. Choose a JPEG, PNG or WebP picture."),
    ),
    "image_too_large": ("picture", _("This picture has too many pixels. Choose a smaller one.")),
    "file_broken": ("picture", _("This picture is damaged. Choose another one.")),
    "file_empty": ("picture", _("This picture is damaged. Choose another one.")),
    "file_unreadable": ("picture", _("This file cannot be read any more. Choose it again.")),
    "chat_name": ("chat_name", _("This name is too long.")),
    "languages": ("languages", _("Choose languages from the list.")),
    "country": ("country", _("Choose a country from the list.")),
    "expertise": ("expertise", _("Some of the selected items no longer exist. Choose again.")),
    "language": ("language", _("Choose a language from the list.")),
    "time_zone": ("time_zone", _("Choose a time zone from the list.")),
}
"""Code of a refusal -> the field and the message that show it.

The service refuses, or the browser before it sends a picture.
"""


def _zones() -> list[tuple[str, Any]]:
    """Return the time zones as choices, grouped by continent."""
    utc, *others = time_zones()
    regions = groupby(others, key=lambda name: name.partition("/")[0])
    return [
        ("", _("Same as the server")),
        (utc, utc),
        *(
            (region, [(name, name.replace("_", " ")) for name in names])
            for region, names in regions
        ),
    ]


def _countries() -> list[tuple[str, str]]:
    return [("", "–"), *country_names()]


class ProfileForm(forms.Form):
    """What users choose for themselves. The first six fields are for operators only."""

    picture = forms.FileField(
        label=_("Picture"),
        required=False,
        help_text=_("JPEG, PNG or WebP, 5 MB at most. Visitors see the centre, cut to a circle."),
        widget=forms.FileInput(
            attrs={"accept": ",".join(PICTURES), "data-limits": json.dumps(LIMITS)}
        ),
    )
    without_picture = forms.BooleanField(required=False)
    chat_name = forms.CharField(
        label=_("Online Chat Name"),
        required=False,
        max_length=MAX_CHAT_NAME,
        help_text=_("The name that visitors see. Leave it empty to show the full name."),
        widget=forms.TextInput(attrs={"autocomplete": "nickname", "dir": "auto"}),
    )
    languages = forms.MultipleChoiceField(
        label=_("Online Chat Language"),
        required=False,
        choices=language_names,
        help_text=_(
            "Visitors are assigned to an operator who speaks their language, if one is available. "
            "Without a choice, the display language counts."
        ),
        widget=forms.CheckboxSelectMultiple,
    )
    country = forms.ChoiceField(
        label=_("Country"),
        required=False,
        choices=_countries,
        help_text=_(
            "Visitors from this country are assigned to you if no operator who speaks their "
            "language is available."
        ),
    )
    expertise = forms.ModelMultipleChoiceField(
        label=_("Live Chat Expertise"),
        required=False,
        queryset=Expertise.objects.all(),
        help_text=_("Topics that you know well. Managers maintain the list."),
        widget=forms.CheckboxSelectMultiple,
    )

    language = forms.ChoiceField(
        label=_("Display language"),
        required=False,
        choices=[("", _("Same as the browser")), *settings.LANGUAGES],
    )
    time_zone = forms.ChoiceField(label=_("time zone"), required=False, choices=_zones)

    sounds_waiting = forms.BooleanField(
        label=_("A visitor is waiting for an answer"), required=False
    )
    sounds_message = forms.BooleanField(
        label=_("A new message in one of your chats"), required=False
    )
    sounds_mention = forms.BooleanField(label=_("A colleague mentions you"), required=False)
    volume = forms.IntegerField(
        label=_("Volume"),
        min_value=0,
        max_value=100,
        widget=forms.NumberInput(attrs={"type": "range", "step": "5"}),
    )
    quiet = forms.BooleanField(
        label=_("Quiet hours"),
        required=False,
        help_text=_(
            "No sounds or notifications during these hours, every day, in your computer’s time."
        ),
    )
    quiet_from = forms.TimeField(
        label=_("from"),
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )
    quiet_to = forms.TimeField(
        label=_("to"),
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )

    notifications = forms.BooleanField(
        label=_("Desktop notifications"),
        required=False,
        help_text=_("They appear while no inbox window is in the foreground."),
    )
    notification_text = forms.BooleanField(
        label=_("Show message text in notifications"),
        required=False,
        help_text=_("Other people who see your screen can then read it."),
    )
    shortcuts = forms.BooleanField(
        label=_("Single-key shortcuts"),
        required=False,
        help_text=_("Turn them off if you use speech input or press keys by accident."),
    )

    def __init__(self, *args: Any, answers: bool, **kwargs: Any) -> None:
        """`answers`: whether the user is an operator."""
        super().__init__(*args, **kwargs)
        self.answers = answers
        said = {code: str(text) for code, (field, text) in PROBLEMS.items() if field == "picture"}
        self.fields["picture"].widget.attrs["data-problems"] = json.dumps(said)
        if not answers:
            for name in OF_OPERATORS:
                del self.fields[name]

    def clean_picture(self) -> Any:
        picture = self.cleaned_data["picture"]
        if picture and picture.size > MAX_PICTURE_BYTES:
            raise forms.ValidationError(TOO_LARGE)
        return picture

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("quiet"):
            # Quiet hours that are off need not be valid.
            for name in ("quiet_from", "quiet_to"):
                self.errors.pop(name, None)
            return cleaned
        for name in ("quiet_from", "quiet_to"):
            if cleaned.get(name) is None and name not in self.errors:
                self.add_error(name, _("Enter both times."))
        start, end = cleaned.get("quiet_from"), cleaned.get("quiet_to")
        if start is not None and start == end:
            self.add_error("quiet_to", _("Choose different times for the beginning and the end."))
        return cleaned

    @property
    def sounds(self) -> list[forms.BoundField]:
        return [self[f"sounds_{name}"] for name in Sounds.__struct_fields__]

    @property
    def chosen_languages(self) -> list[forms.boundfield.BoundWidget]:
        """The ticked boxes, listed apart because the whole list is long."""
        return [box for box in self["languages"] if box.data["selected"]]

    @property
    def other_languages(self) -> list[forms.boundfield.BoundWidget]:
        return [box for box in self["languages"] if not box.data["selected"]]

    @property
    def account(self) -> operators.Account:
        chosen = self.cleaned_data
        quiet = None
        if chosen["quiet"]:
            quiet = Quiet(f"{chosen['quiet_from']:%H:%M}", f"{chosen['quiet_to']:%H:%M}")
        return operators.Account(
            language=chosen["language"],
            time_zone=chosen["time_zone"],
            preferences=Preferences(
                sounds=Sounds(
                    waiting=chosen["sounds_waiting"],
                    message=chosen["sounds_message"],
                    mention=chosen["sounds_mention"],
                ),
                volume=chosen["volume"] / 100,
                quiet=quiet,
                notifications=chosen["notifications"],
                notification_text=chosen["notification_text"],
                shortcuts=chosen["shortcuts"],
            ),
        )

    @property
    def profile(self) -> operators.Profile | None:
        if not self.answers:
            return None
        chosen = self.cleaned_data
        picture = chosen["picture"]
        return operators.Profile(
            chat_name=chosen["chat_name"],
            languages=tuple(chosen["languages"]),
            country=chosen["country"],
            expertise=frozenset(row.pk for row in chosen["expertise"]),
            picture=picture.read() if picture else b"",
            without_picture=chosen["without_picture"],
        )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def profile(request: HttpRequest) -> HttpResponse:
    """Show and store a user's own settings."""
    assert isinstance(request.user, User)  # login_required
    user = request.user
    actor = operators.staff_actor(user.pk)
    if not actor.may_enter:
        raise PermissionDenied
    operator = Operator.objects.filter(pk=actor.operator).first() if actor.operator else None
    if request.method == "POST":
        form = ProfileForm(request.POST, request.FILES, answers=operator is not None)
        if form.is_valid():
            try:
                operators.update_profile(actor, form.account, form.profile)
            except NotAllowed:
                raise PermissionDenied from None
            except Invalid as refused:
                form.add_error(*PROBLEMS[refused.code])
            else:
                messages.success(request, _("Your profile is saved."), extra_tags=SAVED)
                return redirect("profile")
    else:
        form = ProfileForm(initial=_initial(user, operator), answers=operator is not None)
    context = {
        "form": form,
        "operator": operator,
        "avatar": signed_links.avatar_path(operator.avatar) if operator else "",
        "unnamed": _without_chat_name(user),
        "saved": any(SAVED in said.tags.split() for said in messages.get_messages(request)),
        "admin": user.is_staff,
    }
    return render(request, "livechat/profile.html", context)


@require_POST
@login_required
@never_cache
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End all login sessions of the user, with their sockets; redirect to the sign-in page."""
    assert request.user.pk is not None  # login_required
    login_sessions.end_all(request.user.pk)
    logout(request)
    return redirect("login")


def _initial(user: User, operator: Operator | None) -> dict[str, Any]:
    chosen = preferences.read(user.preferences)
    quiet = chosen.quiet or QUIET
    values: dict[str, Any] = {
        "language": user.language,
        "time_zone": user.time_zone,
        "sounds_waiting": chosen.sounds.waiting,
        "sounds_message": chosen.sounds.message,
        "sounds_mention": chosen.sounds.mention,
        "volume": round(chosen.volume * 100),
        "quiet": chosen.quiet is not None,
        "quiet_from": _time(quiet.start),
        "quiet_to": _time(quiet.end),
        "notifications": chosen.notifications,
        "notification_text": chosen.notification_text,
        "shortcuts": chosen.shortcuts,
    }
    if operator is not None:
        values |= {
            "chat_name": operator.chat_name,
            "languages": operator.languages,
            "country": operator.country,
            "expertise": operator.expertise.all(),
        }
    return values


def _time(clock: str) -> time:
    return datetime.strptime(clock, "%H:%M").time()  # noqa: DTZ007  # a time of day, on any day


def _without_chat_name(user: User) -> str:
    """Return the name that visitors see without a chat name."""
    return Operator(user=user).public_name or gettext("Operator")
