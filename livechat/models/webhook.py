"""Webhooks: addresses of third parties that receive events."""

import secrets
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from livechat.domain import signatures, webhook_targets
from livechat.domain.deliveries import CHOSEN
from livechat.domain.webhook_targets import TargetError

PROBLEMS = {
    "too_long": _("The address is too long."),
    "characters": _("The address contains a character that must be percent-encoded."),
    "scheme": _("The address must begin with https://"),
    "userinfo": _("The address must not contain a user name or password."),
    "fragment": _("Remove the # and the part after it. It is never sent to a server."),
    "port": _("The port must be 443 or 8443."),
    "host": _("This is not a valid host name. Use a name like hooks.example.com."),
    "private": _("This host is in a private network. Webhooks must not use private networks."),
}


def new_secret() -> str:
    """Return a new random secret."""
    return signatures.secret(secrets.token_bytes(signatures.KEY_BYTES))


def is_target(url: str) -> None:
    """Raise ValidationError for an address that a webhook must not use."""
    try:
        webhook_targets.parse(url, private=settings.WEBHOOKS_ALLOW_PRIVATE)
    except TargetError as error:
        raise ValidationError(PROBLEMS[error.problem], code=error.problem) from None


def are_events(events: object) -> None:
    """Raise ValidationError unless `events` is a list of known events without repeats."""
    known = {event.value for event in CHOSEN}
    if not isinstance(events, list) or len(events) != len(set(events) & known):
        raise ValidationError(_("Choose events from the list."))


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def enabled(self) -> Self:
        return self.filter(is_enabled=True)


class Webhook(models.Model):
    """An address that receives events, and the secret that signs them.

    During a change of secrets both `secret` and `old_secret` sign. `gone_at` is when the receiver
    responded that it is gone for good (410), which switched the webhook off.
    """

    name = models.CharField(_("name"), max_length=80)
    url = models.CharField(
        _("address"),
        max_length=webhook_targets.MAX_LENGTH,
        validators=[is_target],
        help_text=_(
            "The address that receives the events, for example https://hooks.example.com/livechat"
        ),
    )
    events = models.JSONField(_("events"), default=list, validators=[are_events])
    channel = models.ForeignKey(
        "livechat.Channel",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="webhooks",
        verbose_name=_("channel"),
        help_text=_("Only conversations of this channel. Leave it empty for all channels."),
    )
    is_enabled = models.BooleanField(_("enabled"), default=True)
    secret = models.CharField(
        _("signing secret"), max_length=120, default=new_secret, editable=False
    )
    old_secret = models.CharField(
        _("old signing secret"), max_length=120, blank=True, default="", editable=False
    )
    gone_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    def __str__(self) -> str:
        return self.name

    @property
    def secrets(self) -> list[str]:
        """All secrets that sign now, the newest first."""
        return [one for one in (self.secret, self.old_secret) if one]
