"""Channels: operators, appearance, rules, limits and widget of one website or team."""

import secrets
import uuid
from typing import Self

from django.core.exceptions import ValidationError
from django.core.validators import (
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
    URLValidator,
)
from django.db import models
from django.utils import translation
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from livechat.domain import origins
from livechat.domain.enumerations import Absence, Corner, FileSet, LimitMode, Theme
from livechat.domain.origins import OriginError
from livechat.domain.text import has_user_info
from livechat.models.choices import (
    ABSENCES,
    CORNERS,
    FILE_SETS,
    LIMIT_MODES,
    THEMES,
    chat_languages,
)
from livechat.models.webhook import PROBLEMS

BRAND = "#3451d1"
WHITE = "#ffffff"
MAX_SUGGESTIONS = 4
MAX_SUGGESTION = 80
"""Characters of a suggestion; a longer one would not look like a choice."""
MAX_CHATS_PER_ADDRESS = 1000
MAX_OFFSET = 400
"""Pixels from the edges of the page; with more, small screens would show no button."""

is_colour = RegexValidator(
    r"\A#[0-9a-fA-F]{6}\Z",
    _("Enter a colour as # and six hexadecimal digits, for example #3451d1."),
)


def new_key() -> str:
    """Return a random key for the URLs of a channel's widget: 12 characters, safe in a URL."""
    return secrets.token_hex(6)


class ChannelQuerySet(models.QuerySet["Channel"]):
    def active(self) -> Self:
        return self.filter(is_active=True)


class Channel(models.Model):
    """Operators, appearance, rules, limits and widget of one website or team."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    name = models.CharField(_("Channel Name"), max_length=100)
    slug = models.SlugField(
        _("address"), unique=True, help_text=_("The last part of the direct chat link.")
    )
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("Turn this off to archive the channel. An archived channel shows no button."),
    )
    operators = models.ManyToManyField(
        "livechat.Operator", through="livechat.Membership", related_name="channels"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    revision = models.PositiveIntegerField(default=0, editable=False)
    """Counts saves in the Admin. When two administrators edit at once, the second gets a notice."""

    button_text = models.CharField(
        _("Notification text"),
        max_length=150,
        blank=True,
        default=gettext_noop("Need help? Chat with us."),
    )
    welcome_message = models.TextField(
        _("Welcome Message"),
        max_length=1000,
        blank=True,
        default=gettext_noop("How may I help you?"),
    )
    input_placeholder = models.CharField(
        _("Chat Input Placeholder"),
        max_length=100,
        blank=True,
        default=gettext_noop("Say something…"),
    )
    button_background_color = models.CharField(
        _("button colour"), max_length=7, default=BRAND, validators=[is_colour]
    )
    button_text_color = models.CharField(
        _("button icon colour"), max_length=7, default=WHITE, validators=[is_colour]
    )
    header_background_color = models.CharField(
        _("header colour"), max_length=7, default=BRAND, validators=[is_colour]
    )
    title_color = models.CharField(
        _("header text colour"), max_length=7, default=WHITE, validators=[is_colour]
    )
    button_position = models.CharField(
        _("button position"),
        max_length=8,
        choices=CORNERS,
        default=Corner.END.value,
        help_text=_("Mirrored on right-to-left pages."),
    )
    button_offset_x = models.PositiveSmallIntegerField(
        _("distance from the side"),
        default=20,
        validators=[MaxValueValidator(MAX_OFFSET)],
        help_text=_("In pixels."),
    )
    button_offset_y = models.PositiveSmallIntegerField(
        _("distance from the bottom"),
        default=20,
        validators=[MaxValueValidator(MAX_OFFSET)],
        help_text=_("In pixels."),
    )
    theme = models.CharField(
        _("colour scheme"), max_length=8, choices=THEMES, default=Theme.AUTO.value
    )
    language = models.CharField(
        _("language"), max_length=16, choices=chat_languages, blank=True, default=""
    )
    suggestions = models.TextField(
        _("suggestions"),
        max_length=400,
        blank=True,
        default="",
        help_text=_(
            "First messages that visitors can choose from, one per line, at most four. Example: "
            "“Where is my parcel?”"
        ),
    )
    privacy_link = models.URLField(
        _("privacy notice"),
        blank=True,
        default="",
        validators=[URLValidator(["http", "https"])],
        help_text=_("The page of your website that explains how you handle visitors' data."),
    )
    absence = models.CharField(
        _("when no operator is available"),
        max_length=16,
        choices=ABSENCES,
        default=Absence.KEEP.value,
        help_text=_("Visitors in a conversation keep the button in both cases."),
    )
    contact_hint = models.CharField(
        _("contact details"),
        max_length=300,
        blank=True,
        default="",
        help_text=_(
            "Shown when the chat cannot run, for example an e-mail address, a telephone number "
            "or opening hours."
        ),
    )
    translations = models.JSONField(
        default=dict, blank=True, help_text=_("Texts in other languages: {field: {language: text}}")
    )

    max_sessions_mode = models.CharField(
        _("Sessions per Operator"),
        max_length=10,
        choices=LIMIT_MODES,
        default=LimitMode.UNLIMITED.value,
    )
    max_sessions = models.PositiveIntegerField(
        _("maximum sessions"), default=10, validators=[MinValueValidator(1)]
    )
    max_chats_per_address = models.PositiveSmallIntegerField(
        _("open chats per address"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_CHATS_PER_ADDRESS)],
        help_text=_(
            "How many chats from one IP address operators are given at once. Further ones wait, "
            "and operators can still take them. Offices, schools and mobile networks share one "
            "address, so allow for several visitors. Leave this empty for no limit."
        ),
    )
    amber_after = models.PositiveIntegerField(
        _("amber after"),
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(86_400)],
        help_text=_(
            "In seconds. When a visitor has waited this long for an answer, the clock "
            "in the inbox turns amber."
        ),
    )
    red_after = models.PositiveIntegerField(
        _("red after"),
        default=180,
        validators=[MinValueValidator(1), MaxValueValidator(86_400)],
        help_text=_("In seconds. After this time, the clock turns red."),
    )
    file_set = models.CharField(
        _("allowed attachments"),
        max_length=16,
        choices=FILE_SETS,
        default=FileSet.DOCUMENTS.value,
        help_text=_(
            "Checked by the content of a file, not by its name. Programs and HTML are "
            "never allowed."
        ),
    )
    max_file_megabytes = models.PositiveSmallIntegerField(
        _("maximum file size"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text=_("In megabytes."),
    )
    max_files = models.PositiveSmallIntegerField(
        _("files per message"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(10)],
    )
    block_assignment_during_call = models.BooleanField(
        _("No Chats During Call"),
        default=False,
        help_text=_("Operators who are in a call get no new conversations."),
    )
    may_join = models.BooleanField(
        _("operators may join"),
        default=True,
        help_text=_("Operators may join and leave this channel themselves."),
    )
    review_link = models.URLField(
        _("review link"),
        blank=True,
        default="",
        validators=[URLValidator(["http", "https"])],
        help_text=_("Opens when a visitor is satisfied."),
    )
    allowed_origins = models.TextField(
        _("allowed origins"),
        blank=True,
        default="",
        help_text=_(
            "Websites that may embed the widget, one per line, for example https://shop.example "
            "or https://*.shop.example. Leave this empty to allow any website."
        ),
    )
    is_published = models.BooleanField(
        _("published"), default=False, help_text=_("Show this channel on the public ratings page.")
    )
    publish_comments = models.BooleanField(_("publish comments"), default=False)
    see_visitors = models.BooleanField(_("see visitors before they write"), default=False)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        constraints = [
            models.CheckConstraint(condition=models.Q(max_sessions__gt=0), name="max_sessions_gt_0")
        ]
        permissions = [
            ("manage_livechat", _("Manages the live chat: channels, staff and every conversation")),
            ("operate_livechat", _("Answers visitors")),
            ("analyse_livechat", _("Reads reports and closed conversations")),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Normalise origins and suggestions, and check links and times.

        Raises ValidationError, which for origins and suggestions names the line at fault.
        """
        errors: dict[str, list[str]] = {}
        try:
            self.allowed_origins = "\n".join(origins.parse(self.allowed_origins))
        except OriginError as error:
            errors["allowed_origins"] = [_explained(error)]
        try:
            self.suggestions = clean_suggestions(self.suggestions)
        except ValidationError as error:
            errors["suggestions"] = error.messages
        if has_user_info(self.privacy_link):
            errors["privacy_link"] = [str(PROBLEMS["userinfo"])]
        if self.red_after <= self.amber_after:
            errors["red_after"] = [str(_("“Red after” must be greater than “Amber after”."))]
        if errors:
            raise ValidationError(errors)

    @property
    def session_limit(self) -> int | None:
        """The conversations an operator may have on this channel at once; None without a limit."""
        return self.max_sessions if self.max_sessions_mode == LimitMode.LIMITED else None

    @property
    def max_file_bytes(self) -> int:
        return self.max_file_megabytes * 1024 * 1024

    @property
    def origins(self) -> list[str]:
        """Patterns of `domain.origins` for websites that may embed the widget; empty for any."""
        return self.allowed_origins.splitlines()

    @property
    def loader_path(self) -> str:
        """The path of the script that websites embed (`widget_init/loader.py`)."""
        return f"/widget/{self.key}/loader.js"

    def suggested(self, language: str = "") -> list[str]:
        """Return the suggestions in `language`, at most four."""
        lines = (line.strip() for line in self.text("suggestions", language).splitlines())
        return [line[:MAX_SUGGESTION] for line in lines if line][:MAX_SUGGESTIONS]

    def text(self, field: str, language: str = "") -> str:
        """Return a text in `language`, which is a `ChatLanguage.shown`, or the original text.

        An original text that was never changed is one of the product, and translated as such.
        """
        translated = self.translations.get(field) if isinstance(self.translations, dict) else None
        if isinstance(translated, dict) and translated.get(language):
            return str(translated[language])
        original = str(getattr(self, field))
        column = self._meta.get_field(field)
        if language and original and original == getattr(column, "default", ""):
            with translation.override(language):
                return gettext(original)
        return original


def clean_suggestions(written: str) -> str:
    """Return the suggestions, one per line, without empty lines.

    Raises ValidationError, which names the line, for too many or too long suggestions.
    """
    lines = [line for part in written.splitlines() if (line := part.strip())]
    too_long = _("“%(line)s…” has %(length)d characters. The maximum is %(limit)d.")
    errors = [
        str(too_long) % {"line": line[:30], "length": len(line), "limit": MAX_SUGGESTION}
        for line in lines
        if len(line) > MAX_SUGGESTION
    ]
    if len(lines) > MAX_SUGGESTIONS:
        too_many = _("The maximum is %(limit)d suggestions; “%(line)s” is one too many.")
        errors.append(
            str(too_many) % {"limit": MAX_SUGGESTIONS, "line": lines[MAX_SUGGESTIONS][:60]}
        )
    if errors:
        raise ValidationError(errors)
    return "\n".join(lines)


_PROBLEMS = {
    "not_an_origin": _(
        "“%(line)s” is not a website address. Use a format like https://shop.example."
    ),
    "path": _(
        "“%(line)s” is the address of a page. Enter only the website, for example "
        "https://shop.example."
    ),
    "scheme": _("“%(line)s” must begin with https:// or http://."),
    "wildcard": _(
        "“%(line)s”: a wildcard (*) can only replace subdomains, for example "
        "https://*.shop.example."
    ),
    "null": _("“null” is not allowed: it would match any page without an address."),
    "too_many": _("The list can contain at most 50 websites."),
}


def _explained(error: OriginError) -> str:
    return str(_PROBLEMS[error.problem]) % {"line": error.line[:60]}
