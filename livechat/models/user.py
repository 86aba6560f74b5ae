"""Staff accounts. Visitors have none."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person who signs in: operator, manager, analyst or administrator."""

    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, default="")
    language = models.CharField(_("language"), max_length=16, blank=True, default="")

    preferences = models.JSONField(default=dict, blank=True, editable=False)
    """The preferences of the user's inbox, for `domain.preferences.read`."""

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=~models.Q(email=""),
                name="user_email_unique",
                violation_error_message=_("Another account already uses this e-mail address."),
            ),
        ]
