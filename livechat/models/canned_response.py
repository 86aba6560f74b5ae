"""Canned responses: texts that operators insert by a shortcut."""

from typing import Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

MAX_SUBSTITUTION = 4_000

is_shortcut = RegexValidator(
    r"\A[^\s:/]\S*\Z", _("A shortcut must not contain spaces or begin with a colon or a slash.")
)


class CannedResponseQuerySet(models.QuerySet["CannedResponse"]):
    def usable_by(self, user: int) -> Self:
        """Return a user's own canned responses and those shared with the user's groups."""
        mine = models.Q(owner=user) | models.Q(groups__user=user)
        return self.filter(mine).distinct().order_by("shortcut", "pk")


class CannedResponse(models.Model):
    """A shortcut and the text that replaces it."""

    shortcut = models.CharField(
        _("Shortcut"),
        max_length=40,
        validators=[is_shortcut],
        help_text=_("Operators type a colon and the shortcut, for example :hello."),
    )
    substitution = models.TextField(_("Substitution"), max_length=MAX_SUBSTITUTION)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="canned_responses",
        editable=False,
        verbose_name=_("owner"),
    )
    groups = models.ManyToManyField(
        Group,
        blank=True,
        related_name="canned_responses",
        verbose_name=_("Authorized Groups"),
        help_text=_(
            "Members of these groups can use this response. Leave this empty to keep it "
            "for the owner only."
        ),
    )
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    objects = CannedResponseQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("canned response")
        verbose_name_plural = _("canned responses")
        constraints = [
            models.UniqueConstraint(fields=["owner", "shortcut"], name="canned_once_per_owner")
        ]

    def __str__(self) -> str:
        return f":{self.shortcut}"
