"""Fields of expertise of operators."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Expertise(models.Model):
    """A field that operators know well. Chatbots hand over to the operators of a field."""

    name = models.CharField(_("name"), max_length=80, unique=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("expertise")
        verbose_name_plural = _("expertise")

    def __str__(self) -> str:
        return self.name
