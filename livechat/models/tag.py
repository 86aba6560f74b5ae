"""Tags of conversations."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from livechat.models.channel import is_colour


class Tag(models.Model):
    """A topic of conversations, for search and reports."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    color = models.CharField(_("colour"), max_length=7, default="#6e56cf", validators=[is_colour])

    class Meta:
        ordering = ["name"]
        verbose_name = _("tag")
        verbose_name_plural = _("tags")

    def __str__(self) -> str:
        return self.name
