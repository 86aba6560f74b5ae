"""Visitors and the pages they viewed."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class Visitor(models.Model):
    """A person on the website. The signed token in their browser contains `public_id`. The row is
    created with their first message: `docs/decisions/0018-no-row-before-the-first-message.md`.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120, blank=True, default="")
    email = models.EmailField(_("e-mail"), blank=True, default="")
    country = models.CharField(_("country"), max_length=2, blank=True, default="")
    language = models.CharField(_("language"), max_length=35, blank=True, default="")
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, default="")
    browser = models.CharField(_("browser"), max_length=300, blank=True, default="")
    attributes = models.JSONField(default=dict, blank=True, editable=False)
    """Attributes that the website sent: {name: text, number or boolean}. They are not verified."""
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("visitor")
        verbose_name_plural = _("visitors")

    def __str__(self) -> str:
        return self.name or f"#{self.pk}"


class PageView(models.Model):
    """A page that a visitor viewed, without its query string."""

    visitor = models.ForeignKey(Visitor, models.CASCADE, related_name="page_views")
    url = models.CharField(max_length=2048)
    title = models.CharField(max_length=300, blank=True, default="")
    referrer = models.CharField(max_length=2048, blank=True, default="")
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["visitor", "-id"], name="pageview_newest")]

    def __str__(self) -> str:
        return self.url
