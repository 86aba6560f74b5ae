"""The form of a channel: its fields, their validation and the check for concurrent edits."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import formats, timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from livechat.domain import colours
from livechat.models import Channel
from livechat.models.channel import MAX_SUGGESTIONS, clean_suggestions, is_colour

TEXTS = ("button_text", "welcome_message", "suggestions", "input_placeholder")
"""The fields whose texts can be translated."""

PAIRS = (
    ("button_background_color", "button_text_color", colours.ICON),
    ("header_background_color", "title_color", colours.TEXT),
)
"""Background, foreground, and the contrast ratio that the two need."""

Translations = dict[str, dict[str, str]]


def other_languages() -> list[tuple[str, str]]:
    """Return code and name of every language except the default one, used by the fields."""
    return [(code, name) for code, name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


class TranslationsInput(forms.Widget):
    """One input for each text and language, named like `translations-de-button_text`.

    The template renders the inputs from `ChannelForm.languages`. Texts that are not sent stay
    unchanged.
    """

    def value_from_datadict(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str
    ) -> dict[tuple[str, str], str]:
        return {
            (field, code): str(data[key])
            for code, _name in other_languages()
            for field in TEXTS
            if (key := f"{name}-{code}-{field}") in data
        }

    def value_omitted_from_data(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str
    ) -> bool:
        return not self.value_from_datadict(data, files, name)


class TranslationsField(forms.Field):
    """Texts in other languages, validated like the text of the base field.

    The cleaned value is {(field, language): text}.
    """

    widget = TranslationsInput

    def __init__(self) -> None:
        super().__init__(required=False, label=_("Texts in other languages"))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return any(
            text.strip() != _translation(initial, *where) for where, text in (data or {}).items()
        )

    def clean(self, value: dict[tuple[str, str], str]) -> dict[tuple[str, str], str]:
        names = dict(other_languages())
        cleaned, errors = {}, []
        for (field, code), text in (value or {}).items():
            base = Channel._meta.get_field(field)
            assert isinstance(base, models.Field)  # TEXTS names model fields
            try:
                checked = forms.CharField(required=False, max_length=base.max_length).clean(text)
                cleaned[field, code] = (
                    clean_suggestions(checked) if field == "suggestions" else checked
                )
            except ValidationError as error:
                where = f"{base.verbose_name} ({names[code]})"
                errors += [f"{where}: {message}" for message in error.messages]
        if errors:
            raise ValidationError(errors)
        return cleaned


LEFT_TO_RIGHT = {"slug", "privacy_link", "allowed_origins"} | {
    name for pair in PAIRS for name in pair[:2]
}
"""Fields that are written from left to right in every language."""
ANY_DIRECTION = {"name", "contact_hint", *TEXTS}
"""Fields with the direction of the text that they contain."""


class ChannelForm(forms.ModelForm):
    """A channel, with the revision that the editor saw."""

    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)
    translations = TranslationsField()

    class Meta:
        model = Channel
        fields = ("name", "slug", "translations")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["revision"] = self.instance.revision
        for name in {name for pair in PAIRS for name in pair[:2]} & self.fields.keys():
            # The message about the format is enough; one about the length would confuse.
            self.fields[name].validators = [is_colour]
        if "suggestions" in self.fields:
            self.fields["suggestions"].widget.attrs["rows"] = MAX_SUGGESTIONS
        for name in LEFT_TO_RIGHT & self.fields.keys():
            self.fields[name].widget.attrs["dir"] = "ltr"
        for name in ANY_DIRECTION & self.fields.keys():
            self.fields[name].widget.attrs["dir"] = "auto"

    def clean_translations(self) -> Translations:
        """Merge the texts into the stored ones, so that unknown languages and fields are kept."""
        stored = self.instance.translations
        merged: Translations = {
            field: dict(texts)
            for field, texts in (stored.items() if isinstance(stored, dict) else ())
            if isinstance(texts, dict)
        }
        for (field, code), text in self.cleaned_data["translations"].items():
            merged.setdefault(field, {})[code] = text
        kept = {
            field: {code: text for code, text in texts.items() if text}
            for field, texts in merged.items()
        }
        return {field: texts for field, texts in kept.items() if texts}

    def clean(self) -> dict[str, Any]:
        """Refuse to overwrite changes that another user saved after this form was loaded.

        `ChannelAdmin.get_object` locks the row. The page with the error carries the new revision,
        so a second save overwrites deliberately.
        """
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance.pk and cleaned.get("revision") != self.instance.revision:
            self.add_error(None, _conflict(self.instance))
        return cleaned

    @property
    def languages(self) -> list[dict[str, Any]]:
        """The inputs of each other language, with the texts as sent or else as stored."""
        value = self["translations"].value()
        return [
            {
                "code": code,
                "name": name,
                "texts": [self._text(field, code, value) for field in TEXTS],
            }
            for code, name in other_languages()
        ]

    def _text(self, field: str, code: str, value: Any) -> dict[str, Any]:
        base = Channel._meta.get_field(field)
        assert isinstance(base, models.Field)
        written = (field, code) in value if isinstance(value, dict) else False
        return {
            "name": f"translations-{code}-{field}",
            "label": base.verbose_name,
            "value": value[field, code]
            if written
            else _translation(self.instance.translations, field, code),
            "max_length": base.max_length,
            "is_long": isinstance(base, models.TextField),
            "rows": MAX_SUGGESTIONS if field == "suggestions" else 2,
        }


def _conflict(channel: Channel) -> str:
    entry = (
        LogEntry.objects.filter(
            content_type=get_content_type_for_model(channel), object_id=str(channel.pk)
        )
        .select_related("user")
        .order_by("-action_time", "-pk")
        .first()
    )
    if entry is None:
        return str(
            _(
                "Another user saved this channel while you had it open. Your changes are not "
                "saved yet. Check them, then save again to keep your version."
            )
        )
    return str(
        _(
            "%(who)s saved this channel on %(when)s while you had it open: %(what)s Your "
            "changes are not saved yet. Check them, then save again to keep your version."
        )
    ) % {
        "who": entry.user.get_full_name() or entry.user.get_username(),
        "when": formats.date_format(timezone.localtime(entry.action_time), "DATETIME_FORMAT"),
        "what": entry.get_change_message(),
    }


def _translation(stored: Any, field: str, code: str) -> str:
    texts = stored.get(field) if isinstance(stored, dict) else None
    return str(texts.get(code) or "") if isinstance(texts, dict) else ""
